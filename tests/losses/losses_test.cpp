#include "losses/losses.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/reference/loss_problems.h"
#include "tests/reference/paper_losses.h"
#include "tests/support/device.h"

namespace posecu {
namespace {

using reference::EmbeddingProblem;
using reference::HeatmapProblem;

std::vector<float> floats(const std::vector<double>& values) { return {values.begin(), values.end()}; }

// A batch of two resolutions: its labels at the low one, doubled for the high one.
struct Batch {
  HeatmapProblem low, high;
  EmbeddingProblem embedding;
  Targets targets;
};

ResolutionTargets labels_of(const HeatmapProblem& p) {
  return {p.width, p.height, reference::pack(p.people, p.pictures).keypoints, p.mask};
}

Batch make_batch(std::uint64_t seed) {
  Batch batch;
  do {  // a problem of one resolution
    batch.low = reference::random_heatmap_problem(seed++, {.side = 9, .keypoints = 5});
  } while (batch.low.height != batch.low.embedding_height || batch.low.people.size() < 3);
  batch.low.sigma = 2;
  batch.low.theta = 0.4;
  batch.low.beta = 0.01;
  batch.low.focal = true;
  batch.low.widening = reference::Widening::by_embedding;
  batch.high = batch.low;
  batch.high.height *= 2;
  batch.high.width *= 2;
  for (reference::LabelledPerson& person : batch.high.people)
    for (reference::LabelledJoint& joint : person.joints) joint.x *= 2, joint.y *= 2;
  batch.high.heatmaps.resize(batch.low.heatmaps.size() * 4);
  for (std::size_t i = 0; i < batch.high.heatmaps.size(); ++i)
    batch.high.heatmaps[i] = batch.low.heatmaps[i * 7 % batch.low.heatmaps.size()];
  batch.high.mask.assign(batch.low.mask.size() * 4, 1);
  batch.embedding = {batch.low.pictures,   batch.low.height,     batch.low.width, batch.low.keypoints,
                     batch.low.dimensions, batch.low.embeddings, batch.low.people};
  const reference::PackedLabels packed = reference::pack(batch.low.people, batch.low.pictures);
  batch.targets = {batch.low.pictures,
                   batch.low.keypoints,
                   packed.first_person,
                   packed.scales,
                   {labels_of(batch.low), labels_of(batch.high)}};
  return batch;
}

struct Results {
  LossValues values;
  std::vector<float> low, high, embeddings;  // gradients
};

enum class Resolutions { one, two };

Results run(const Batch& batch, const LossOptions& options, double gradient_scale = 1,
            Resolutions resolutions = Resolutions::two) {
  Context context(test_context_options({.threads = 2}));
  const auto shape = [](const HeatmapProblem& p) { return Shape{p.pictures, p.height, p.width, p.keypoints}; };
  const Shape tags{batch.low.pictures, batch.low.height, batch.low.width, batch.low.keypoints * batch.low.dimensions};
  const auto given = [&](const Shape& of, const std::vector<double>& values) {
    return uploaded(context, of, floats(values));
  };
  const auto low = given(shape(batch.low), batch.low.heatmaps), high = given(shape(batch.high), batch.high.heatmaps),
             embeddings = given(tags, batch.low.embeddings);
  const auto unwritten = [&](const Tensor<float>& like) {
    return uploaded(context, like.shape(),
                    std::vector<float>(like.elements(), std::numeric_limits<float>::quiet_NaN()));
  };
  const auto dlow = unwritten(low), dhigh = unwritten(high), dembeddings = unwritten(embeddings);
  LossMaps<const float> maps{low, {}, embeddings};
  LossMaps<float> gradients{dlow, {}, dembeddings};
  if (resolutions == Resolutions::two) maps.high = high, gradients.high = dhigh;
  const TargetBuffer targets(context, batch.targets);
  Results results;
  results.values = Losses(options).forward_backward(context, targets.targets(), maps, gradients, gradient_scale);
  results.low = context.download<float>(dlow);
  results.high = context.download<float>(dhigh);
  results.embeddings = context.download<float>(dembeddings);
  return results;
}

void expect_near(const std::vector<float>& actual, const std::vector<double>& expected, double factor) {
  double largest = 1e-12;
  for (const double v : expected) largest = std::max(largest, std::abs(factor * v));
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i)
    ASSERT_NEAR(actual[i], factor * expected[i], 4e-6 * largest) << "element " << i;  // about 64 roundings to float
}

TEST(LossesTest, AddUpWhatTheReferencesSay) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    const Batch batch = make_batch(100 * seed);
    const LossOptions options;
    const std::vector<double> low = reference::heatmap_targets(batch.low),
                              high = reference::heatmap_targets(batch.high);
    const reference::EmbeddingLosses expected = reference::embedding_losses(batch.embedding);
    const double heatmap = reference::heatmap_loss(batch.low, low) + reference::heatmap_loss(batch.high, high);
    const Results actual = run(batch, options, 0.5);
    EXPECT_NEAR(actual.values.heatmap, heatmap, 4e-6 * heatmap);
    EXPECT_NEAR(actual.values.pull, 1e-3 * expected.pull, 1e-12);
    EXPECT_NEAR(actual.values.push, 1e-3 * expected.push, 1e-12);
    EXPECT_NEAR(actual.values.scale, 1e-4 * expected.scale, 1e-12);
    expect_near(actual.low, reference::heatmap_gradient(batch.low, low), 0.5);
    expect_near(actual.high, reference::heatmap_gradient(batch.high, high), 0.5);
    expect_near(actual.embeddings, reference::embedding_gradient(batch.embedding, {1e-3, 1e-3, 1e-4}), 0.5);
  }
}

TEST(LossesTest, LeaveOutTheScaleLossWithoutRegularisation) {
  const Batch batch = make_batch(7);
  const Results actual = run(batch, {.regularisation = Regularisation::off});
  EXPECT_EQ(actual.values.scale, 0.0);
  expect_near(actual.embeddings, reference::embedding_gradient(batch.embedding, {1e-3, 1e-3, 0}), 1);
}

TEST(LossesTest, WidenEachGaussianByItsOwnPersonsScale) {
  Batch batch = make_batch(11);
  batch.low.widening = reference::Widening::by_person;
  const std::vector<double> targets = reference::heatmap_targets(batch.low);
  const Results actual = run(batch, {.targets = TargetScale::instance}, 1, Resolutions::one);
  expect_near(actual.low, reference::heatmap_gradient(batch.low, targets), 1);
  EXPECT_NEAR(actual.values.heatmap, reference::heatmap_loss(batch.low, targets), 1e-6);
}

TEST(LossesTest, TakePlainSquaresOfFixedGaussians) {
  Batch batch = make_batch(13);
  batch.low.widening = reference::Widening::none;
  batch.low.focal = false;
  const std::vector<double> targets = reference::heatmap_targets(batch.low);
  const Results actual = run(batch, {.targets = TargetScale::fixed, .focal = FocalWeight::off}, 1, Resolutions::one);
  expect_near(actual.low, reference::heatmap_gradient(batch.low, targets), 1);
  EXPECT_NEAR(actual.values.heatmap, reference::heatmap_loss(batch.low, targets), 1e-6);
}

TEST(LossesTest, LeaveTheHighGradientAloneWhenThereIsOneResolution) {
  const Results actual = run(make_batch(17), {}, 1, Resolutions::one);
  for (const float g : actual.high) ASSERT_TRUE(std::isnan(g));
}

TEST(LossesTest, ComputeNothingInADryRun) {
  Context context({.threads = 1, .memory = std::size_t{1} << 30, .dry_run = true});
  const Tensor<float> low = context.tensor<float>({2, 16, 16, 17}), high = context.tensor<float>({2, 32, 32, 17}),
                      embeddings = context.tensor<float>({2, 16, 16, 136});
  const LossValues values = Losses({}).forward_backward(context, {}, {low, high, embeddings}, {low, high, embeddings});
  EXPECT_EQ(values.total(), 0.0);
  EXPECT_GT(context.arena().peak(MemoryClass::workspace), 0u);
}

TEST(LossesTest, TakeThePapersFormulas) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    SCOPED_TRACE(seed);
    const Batch batch = make_batch(23 + 100 * seed);
    const LossOptions options{.formulas = Formulas::paper};
    const reference::EmbeddingLosses expected = reference::paper_embedding_losses(batch.embedding);
    const Results actual = run(batch, options), official = run(batch, {});
    EXPECT_NEAR(actual.values.pull, 1e-3 * expected.pull, 1e-12);
    EXPECT_NEAR(actual.values.push, 1e-3 * expected.push, 1e-12);
    EXPECT_NEAR(actual.values.scale, 1e-4 * expected.scale, 1e-12);
    expect_near(actual.embeddings, reference::paper_embedding_gradient(batch.embedding, {1e-3, 1e-3, 1e-4}), 1);
    EXPECT_EQ(actual.values.heatmap, official.values.heatmap);
    EXPECT_EQ(actual.low, official.low);
    EXPECT_EQ(actual.high, official.high);
  }
}

TEST(LossesTest, LeaveOutThePapersScaleLossWithoutRegularisation) {
  const Batch batch = make_batch(7);
  const Results actual = run(batch, {.formulas = Formulas::paper, .regularisation = Regularisation::off});
  EXPECT_EQ(actual.values.scale, 0.0);
  expect_near(actual.embeddings, reference::paper_embedding_gradient(batch.embedding, {1e-3, 1e-3, 0}), 1);
}

TEST(LossesTest, RefuseLabelsOfAnotherSize) {
  Batch batch = make_batch(19);
  batch.targets.resolutions[0].width += 1;
  EXPECT_THROW(run(batch, {}), std::logic_error);
}

}  // namespace
}  // namespace posecu
