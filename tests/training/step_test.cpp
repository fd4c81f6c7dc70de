#include "training/step.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/training/step_fixture.h"

namespace posecu {
namespace {

TEST(TrainingStep, LowersTheLossOfTheBatchItSees) {
  Trained trained;
  const auto images = draw_images(1);
  const Targets targets = draw_targets(1, 1);
  const double before = trained.run(images, targets).losses.total();
  for (int i = 0; i < 20; ++i) trained.run(images, targets);
  EXPECT_LT(trained.run(images, targets).losses.total(), 0.7 * before);
}

TEST(TrainingStep, LowersTheLossInEveryPrecision) {
  const auto images = draw_images(1);
  const Targets targets = draw_targets(1, 1);
  for (const Precision precision : {Precision::bf16, Precision::fp16}) {
    Trained trained(1, precision);
    const double before = trained.run(images, targets).losses.total();
    for (int i = 0; i < 20; ++i) trained.run(images, targets);
    EXPECT_LT(trained.run(images, targets).losses.total(), 0.7 * before);
  }
}

TEST(TrainingStep, ReportsTheNormOfItsGradients) {
  Trained trained;
  const StepResult result = trained.run(draw_images(1), draw_targets(1, 1));
  double squares = 0;
  for (const float g : trained.parameters.gradients()) squares += static_cast<double>(g) * g;
  EXPECT_NEAR(result.gradient_norm, std::sqrt(squares), 1e-5 * std::sqrt(squares));
  EXPECT_GT(result.gradient_norm, 0);
}

TEST(TrainingStep, TakesTheMeanOverItsPasses) {
  // Running statistics do not enter the training forward: each pass alone gives the same gradients as within the step.
  std::vector<std::vector<double>> alone;
  LossValues sum;
  for (const std::uint64_t seed : {1, 2, 3}) {
    Trained one;
    const StepResult result = one.run(draw_images(seed), draw_targets(seed, 1));
    alone.emplace_back(one.parameters.gradients().begin(), one.parameters.gradients().end());
    sum.heatmap += result.losses.heatmap, sum.pull += result.losses.pull;
  }
  Trained three(3);
  three.step->begin(three.context, 1e-3);
  for (const std::uint64_t seed : {1, 2, 3}) three.add(draw_images(seed), draw_targets(seed, 1));
  const StepResult result = three.step->finish(three.context);
  EXPECT_NEAR(result.losses.heatmap, sum.heatmap / 3, 1e-9);
  EXPECT_NEAR(result.losses.pull, sum.pull / 3, 1e-12);
  double error = 0, size = 0;
  for (std::size_t i = 0; i < alone[0].size(); ++i) {
    const double mean = (alone[0][i] + alone[1][i] + alone[2][i]) / 3;
    error += std::pow(static_cast<double>(three.parameters.gradients().data()[i]) - mean, 2);
    size += mean * mean;
  }
  EXPECT_LT(std::sqrt(error), 1e-5 * std::sqrt(size));
}

// A value that is not finite, where a batch could hold one.
struct Bad {
  const char* name;
  void (*damage)(std::vector<float>& images, Targets& targets);
};
const Bad kBad[] = {
    {"NaN in a picture", [](auto& images, auto&) { images[777] = std::numeric_limits<float>::quiet_NaN(); }},
    {"infinity in a picture", [](auto& images, auto&) { images.back() = std::numeric_limits<float>::infinity(); }},
    {"overflow in a picture", [](auto& images, auto&) { images.front() = 3e38F; }},
    {"NaN as a scale", [](auto&, auto& targets) { targets.scales[1] = std::numeric_limits<double>::quiet_NaN(); }},
};

TEST(TrainingStep, ChangesNothingWhenAValueIsNotFinite) {
  for (const Bad& bad : kBad) {
    Trained trained, never;
    trained.run(draw_images(1), draw_targets(1, 1));
    never.run(draw_images(1), draw_targets(1, 1));
    auto images = draw_images(2);
    Targets targets = draw_targets(2, 1);
    bad.damage(images, targets);

    const auto before = trained.state();
    const StepResult result = trained.run(images, targets);
    EXPECT_EQ(result.outcome, StepOutcome::skipped) << bad.name;
    EXPECT_EQ(trained.state(), before) << bad.name;
    EXPECT_EQ(trained.adam->updates(), 1) << bad.name;

    // and leaves no trace in the step after it
    EXPECT_EQ(trained.run(draw_images(3), draw_targets(3, 1)).outcome, StepOutcome::updated) << bad.name;
    never.run(draw_images(3), draw_targets(3, 1));
    EXPECT_EQ(trained.state(), never.state()) << bad.name;
  }
}

TEST(TrainingStep, SkipsAsAWholeWhenOnePassIsNotFinite) {
  for (int bad_pass = 0; bad_pass < 3; ++bad_pass) {
    Trained trained(3);
    const auto before = trained.state();
    trained.step->begin(trained.context, 1e-3);
    for (int pass = 0; pass < 3; ++pass) {
      auto images = draw_images(1);
      if (pass == bad_pass) images[0] = std::numeric_limits<float>::quiet_NaN();
      trained.add(images, draw_targets(1, 1));
    }
    EXPECT_EQ(trained.step->finish(trained.context).outcome, StepOutcome::skipped);
    EXPECT_EQ(trained.state(), before) << bad_pass;
  }
}

// Where fp16 cannot hold the gradients, nothing changes but the scale.
TEST(TrainingStep, HalvesTheLossScaleOnOverflow) {
  Trained trained(1, Precision::fp16);
  EXPECT_EQ(trained.step->loss_scale()->value, 65536);
  trained.step->restore_loss_scale({0x1p60F, 7});
  const auto images = draw_images(1);
  const Targets targets = draw_targets(1, 1);
  const auto before = trained.state();
  const StepResult overflowed = trained.run(images, targets);
  EXPECT_EQ(overflowed.outcome, StepOutcome::overflowed);
  EXPECT_EQ(overflowed.loss_scale, 0x1p60F);
  EXPECT_EQ(trained.step->loss_scale()->value, 0x1p59F);
  EXPECT_EQ(trained.step->loss_scale()->good_steps, 0);
  EXPECT_EQ(trained.state(), before);
  EXPECT_EQ(trained.adam->updates(), 0);

  trained.step->restore_loss_scale({1024, 5});
  EXPECT_EQ(trained.run(images, targets).outcome, StepOutcome::updated);
  EXPECT_EQ(trained.step->loss_scale()->value, 1024);
  EXPECT_EQ(trained.step->loss_scale()->good_steps, 6);
}

// A picture that is not finite is no matter of the scale.
TEST(TrainingStep, SkipsInFp16WhenALossIsNotFinite) {
  Trained trained(1, Precision::fp16);
  auto images = draw_images(1);
  images[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(trained.run(images, draw_targets(1, 1)).outcome, StepOutcome::skipped);
}

// Divided by the scale: the gradients' norm and the update are what they are without one, but for fp16's roundings.
TEST(TrainingStep, UndoesTheLossScale) {
  const auto images = draw_images(1);
  const Targets targets = draw_targets(1, 1);
  std::vector<double> norms;
  for (const float scale : {64.F, 4096.F}) {
    Trained trained(1, Precision::fp16);
    trained.step->restore_loss_scale({scale, 0});
    norms.push_back(trained.run(images, targets).gradient_norm);
  }
  norms.push_back(Trained().run(images, targets).gradient_norm);
  EXPECT_NEAR(norms[0], norms[1], 0.01 * norms[1]);
  EXPECT_NEAR(norms[1], norms[2], 0.1 * norms[2]);
}

TEST(LossScale, DoublesAfterTwoThousandGoodStepsInARow) {
  LossScale scale = *initial_loss_scale(Precision::fp16);
  for (int step = 0; step < 1999; ++step) scale = next_loss_scale(scale, Overflow::no);
  EXPECT_EQ(scale.value, 65536);
  EXPECT_EQ(next_loss_scale(scale, Overflow::no).value, 131072);
  EXPECT_EQ(next_loss_scale(scale, Overflow::no).good_steps, 0);
  scale = next_loss_scale(scale, Overflow::yes);
  EXPECT_EQ(scale.value, 32768);
  for (int step = 0; step < 1999; ++step) scale = next_loss_scale(scale, Overflow::no);
  EXPECT_EQ(scale.value, 32768);
  EXPECT_EQ(next_loss_scale({1, 0}, Overflow::yes).value, 1);
}

TEST(TrainingStep, HoldsNoMoreMemoryAfterTheFirstStep) {
  Trained trained(2);
  const auto run_step = [&](std::uint64_t seed) {
    trained.step->begin(trained.context, 1e-3);
    trained.add(draw_images(seed), draw_targets(seed, 1));
    trained.add(draw_images(seed + 1), draw_targets(seed + 1, 1));
    trained.step->finish(trained.context);
  };
  const auto free_place = [&] { return trained.context.tensor<float>({1 << 20}).data(); };
  run_step(1);
  const std::size_t used = trained.context.arena().used();
  const float* const place = free_place();
  const std::size_t peak = trained.context.arena().peak();
  for (std::uint64_t seed = 2; seed < 6; ++seed) {
    run_step(seed);
    EXPECT_EQ(trained.context.arena().used(), used);
    EXPECT_EQ(trained.context.arena().peak(), peak);
    EXPECT_EQ(free_place(), place);
  }
}

TEST(TrainingStep, CountsItsMemoryInADryRun) {
  Trained real;
  real.run(draw_images(1), draw_targets(1, 1));

  Context context({.threads = 1, .memory = std::size_t{1} << 30, .dry_run = true});
  Parameters parameters;
  Network network(parameters, real.network.options());
  parameters.allocate(context, Parameters::Gradients::allocate);
  Losses losses{LossOptions{}};
  Adam adam(context, parameters, {});
  TrainingStep step(context, network, parameters, losses, adam, 1);
  step.begin(context, 1e-3);
  const TargetBuffer labels(context, draw_targets(1, 1));
  const Tensor<float> pictures = context.tensor<float>({kPictures, kSide, kSide, 3});
  step.add_pass(context, pictures, labels.targets());
  step.finish(context);
  EXPECT_EQ(context.arena().peak(), real.context.arena().peak());
}

}  // namespace
}  // namespace posecu
