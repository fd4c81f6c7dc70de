// A training step that is recorded and replayed computes the same bytes as one that is not. On the CPU nothing is
// recorded, and both are the same by themselves.
#include <gtest/gtest.h>

#include <limits>

#include "tests/training/step_fixture.h"

namespace posecu {
namespace {

enum class Graphs { off, on };

ContextOptions options(Graphs graphs) {
  ContextOptions result = test_graph_options({.threads = 1, .memory = std::size_t{1} << 30});
  result.graphs = graphs == Graphs::on;
  return result;
}

// A batch at places that stay, as a training has it.
class Batches {
 public:
  Batches(Context& context, int side)
      : context_(context),
        side_(side),
        labels_(context, kPictures, kKeypoints, {{side / 4, side / 4}, {side / 2, side / 2}}),
        images_(context.tensor<float>({kPictures, side, side, 3})) {}

  TargetBuffer::Places fill(std::uint64_t seed, int people) {
    context_.upload(images_.view(), draw_images(seed, side_));
    return labels_.upload(context_, draw_targets(seed, people, side_));
  }
  View<const float> images() const { return images_; }
  DeviceTargets targets() const { return labels_.targets(); }
  View<float> writable() const { return images_; }

 private:
  Context& context_;
  int side_;
  TargetBuffer labels_;
  Tensor<float> images_;
};

// A step with each batch once: seed, people.
struct Content {
  std::uint64_t seed;
  int people;
};
StepResult run_step(Trained& trained, Batches& batches, const std::vector<Content>& passes) {
  trained.step->begin(trained.context, 1e-3);
  for (const auto& [seed, people] : passes) {
    batches.fill(seed, people);
    trained.step->add_pass(trained.context, batches.images(), batches.targets());
  }
  return trained.step->finish(trained.context);
}

void expect_equal(const StepResult& a, const StepResult& b) {
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.losses.heatmap, b.losses.heatmap);
  EXPECT_EQ(a.losses.pull, b.losses.pull);
  EXPECT_EQ(a.losses.push, b.losses.push);
  EXPECT_EQ(a.losses.scale, b.losses.scale);
  EXPECT_EQ(a.gradient_norm, b.gradient_norm);
  EXPECT_EQ(a.loss_scale, b.loss_scale);
}

// One training as it comes, one that is replayed, side by side.
struct Pair {
  explicit Pair(int passes, Precision precision = Precision::fp32)
      : eager(options(Graphs::off), passes, precision), replayed(options(Graphs::on), passes, precision) {}
  void run(const std::vector<Content>& passes) {
    expect_equal(run_step(eager, eager_batches, passes), run_step(replayed, replayed_batches, passes));
    EXPECT_EQ(eager.state(), replayed.state()) << "after the step with batch " << passes.front().seed;
  }

  Trained eager, replayed;
  Batches eager_batches{eager.context, kSide}, replayed_batches{replayed.context, kSide};
};

TEST(StepReplay, GivesTheSameBytesWithOnePassAndWithTwo) {
  for (const int passes : {1, 2}) {
    Pair pair(passes);
    for (std::uint64_t step = 0; step < 5; ++step) {
      std::vector<Content> contents;
      for (int pass = 0; pass < passes; ++pass)
        contents.push_back({10 * step + static_cast<std::uint64_t>(pass), static_cast<int>(step) % 3});
      pair.run(contents);
    }
  }
}

TEST(StepReplay, GivesTheSameBytesInEveryPrecision) {
  for (const Precision precision : {Precision::tf32, Precision::bf16, Precision::fp16}) {
    Pair pair(1, precision);
    for (std::uint64_t step = 0; step < 4; ++step) pair.run({{step, 1}});
  }
}

TEST(StepReplay, FollowsLabelsThatMove) {
  Pair pair(2);
  for (std::uint64_t step = 0; step < 3; ++step) pair.run({{step, 1}, {step + 10, 2}});
  pair.run({{20, 1}, {21, 400}});  // more people than there was room for, in the second pass
  for (std::uint64_t step = 3; step < 7; ++step) pair.run({{step, 1}, {step + 10, 300}});
}

TEST(StepReplay, FollowsPicturesOfAnotherSize) {
  Pair pair(1);
  Batches eager_large(pair.eager.context, 96), replayed_large(pair.replayed.context, 96);
  std::uint64_t seed = 0;
  for (const int round : {0, 1}) {
    for (int i = 0; i < 3; ++i) pair.run({{++seed, 1}});
    for (int i = 0; i < 3; ++i) {
      const StepResult expected = run_step(pair.eager, eager_large, {{++seed, 2}});
      expect_equal(expected, run_step(pair.replayed, replayed_large, {{seed, 2}}));
      EXPECT_EQ(pair.eager.state(), pair.replayed.state()) << round << ' ' << i;
    }
  }
}

TEST(StepReplay, GoesOnAfterItsRecordingsWereForgotten) {
  Pair pair(1);
  const std::size_t used = pair.replayed.context.arena().used();
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    if (seed % 3 == 2) pair.replayed.step->forget_recordings();
    pair.run({{seed, 1}});
  }
  EXPECT_EQ(pair.replayed.context.arena().used(), used);
}

TEST(StepReplay, SkipsStepsThatAreNotFinite) {
  Pair pair(1);
  for (std::uint64_t seed = 0; seed < 3; ++seed) pair.run({{seed, 1}});
  const std::vector<float> before = pair.replayed.state();
  for (Trained* trained : {&pair.eager, &pair.replayed}) {
    Batches& batches = trained == &pair.eager ? pair.eager_batches : pair.replayed_batches;
    trained->step->begin(trained->context, 1e-3);
    batches.fill(3, 1);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    trained->context.upload(View<float>(batches.writable().data() + 777, {1}), std::span(&nan, 1));
    trained->step->add_pass(trained->context, batches.images(), batches.targets());
    EXPECT_EQ(trained->step->finish(trained->context).outcome, StepOutcome::skipped);
    EXPECT_EQ(trained->state(), before);
  }
  pair.run({{4, 1}});
}

}  // namespace
}  // namespace posecu
