// The references themselves: their gradients against finite differences of their values, on every element.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/reference/loss_problems.h"
#include "tests/reference/paper_losses.h"

namespace posecu::reference {
namespace {

constexpr std::uint64_t kProblems = 80;

// Central differences in double. The step is small against the distance to the nearest kink (1e-3); what is left is
// rounding, 1e-16 * loss / step, and the third derivative times step^2 / 6.
constexpr double kStep = 1e-5;

template <class Loss>
void expect_finite_differences(std::vector<double>& inputs, const std::vector<double>& gradient, const Loss& loss,
                               double tolerance) {
  ASSERT_EQ(inputs.size(), gradient.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const double kept = inputs[i];
    inputs[i] = kept + kStep;
    const double above = loss();
    inputs[i] = kept - kStep;
    const double below = loss();
    inputs[i] = kept;
    ASSERT_NEAR(gradient[i], (above - below) / (2 * kStep), tolerance) << "element " << i;
  }
}

TEST(HeatmapLossReference, GradientEqualsFiniteDifferences) {
  for (std::uint64_t seed = 0; seed < kProblems; ++seed) {
    SCOPED_TRACE(seed);
    HeatmapProblem p = random_heatmap_problem(seed);
    const std::vector<double> targets = heatmap_targets(p);
    const std::vector<double> gradient = heatmap_gradient(p, targets);
    expect_finite_differences(
        p.heatmaps, gradient, [&] { return heatmap_loss(p, targets); }, 1e-9);
  }
}

// At least 1e-3 away from the kink of |t|, or on it.
EmbeddingProblem smooth_embedding_problem(std::uint64_t seed) {
  EmbeddingProblem p = random_embedding_problem(seed);
  for (double& t : p.embeddings)
    if (t != 0 && std::abs(t) < 1e-3) t = std::copysign(1e-3, t);
  return p;
}

template <class Losses, class Gradient>
void expect_embedding_gradient(const Losses& losses_of, const Gradient& gradient_of) {
  for (std::uint64_t seed = 0; seed < kProblems; ++seed) {
    SCOPED_TRACE(seed);
    EmbeddingProblem p = smooth_embedding_problem(seed);
    const EmbeddingWeights weights{0.7, 1.3, 0.9};
    const auto loss = [&] {
      const EmbeddingLosses losses = losses_of(p);
      return weights.pull * losses.pull + weights.push * losses.push + weights.scale * losses.scale;
    };
    expect_finite_differences(p.embeddings, gradient_of(p, weights), loss, 1e-7);
  }
}

TEST(EmbeddingLossReference, GradientEqualsFiniteDifferences) {
  expect_embedding_gradient(embedding_losses, embedding_gradient);
}

TEST(PaperLossReference, GradientEqualsFiniteDifferences) {
  expect_embedding_gradient(paper_embedding_losses, paper_embedding_gradient);
}

// With one person and all keypoints labelled, both formulas pull alike and push nobody.
TEST(PaperLossReference, PullsOnePersonAsTheCodeDoes) {
  EmbeddingProblem p = random_embedding_problem(3);
  p.pictures = 1;
  p.people = {{0, 0.3, {}}};
  for (int k = 0; k < p.keypoints; ++k) p.people[0].joints.push_back({0.5, 0.5, 2});
  const EmbeddingLosses paper = paper_embedding_losses(p), code = embedding_losses(p);
  EXPECT_NEAR(paper.pull, code.pull, 1e-15);
  EXPECT_EQ(paper.push, 0);
}

TEST(HeatmapLossReference, TargetsKeepTheirPeakAndTheirWindow) {
  HeatmapProblem p;
  p.height = p.width = p.embedding_height = p.embedding_width = 20;
  p.heatmaps.assign(400, 0.5);
  p.embeddings.assign(400, 0.25);
  p.mask.assign(400, 1);
  p.people = {{0, 0.3, {{9.9, 8.2, 1}}}};
  p.widening = Widening::none;
  const std::vector<double> targets = heatmap_targets(p);
  EXPECT_EQ(targets[8 * 20 + 9], 1.0);
  EXPECT_DOUBLE_EQ(targets[8 * 20 + 16], std::exp(-49.0 / 8));
  EXPECT_EQ(targets[8 * 20 + 17], 0.0);
  EXPECT_DOUBLE_EQ(targets[15 * 20 + 2], std::exp(-98.0 / 8));
}

}  // namespace
}  // namespace posecu::reference
