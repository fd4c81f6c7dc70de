#include "kernels/heatmap_loss.h"

#include "kernel_test.h"
#include "tests/reference/loss_problems.h"

namespace posecu {
namespace {

using reference::HeatmapProblem;

template <class T, class Values>
void copy_into(Buffer<T>& buffer, const Values& values) {
  for (std::size_t i = 0; i < buffer.size(); ++i) buffer[i] = static_cast<T>(values[i]);
}

// A problem in the memory and the words of the kernels.
class KernelProblem {
 public:
  explicit KernelProblem(const HeatmapProblem& p)
      : labels_(reference::pack(p.people, p.pictures)),
        heatmaps_(p.heatmaps),
        embeddings_(p.embeddings),
        keypoints_(labels_.keypoints.size()),
        masks_(p.mask.size()),
        first_person_(labels_.first_person.size()),
        scales_(labels_.scales.size()) {
    copy_into(keypoints_, labels_.keypoints);
    copy_into(masks_, p.mask);
    copy_into(first_person_, labels_.first_person);
    copy_into(scales_, labels_.scales);
    shape = {.pictures = p.pictures,
             .height = p.height,
             .width = p.width,
             .keypoints = p.keypoints,
             .embedding_height = p.embedding_height,
             .embedding_width = p.embedding_width,
             .embedding_dim = p.dimensions,
             .people = static_cast<int>(labels_.scales.size())};
    rule = {.targets = static_cast<TargetScale>(p.widening),
            .focal = p.focal ? FocalWeight::on : FocalWeight::off,
            .sigma = p.sigma,
            .theta = p.theta,
            .beta = p.beta};
    inputs = {heatmaps_.data(),  embeddings_.data(),   masks_.data(),
              keypoints_.data(), first_person_.data(), scales_.data()};
  }

  HeatmapLossShape shape;
  HeatmapLossRule rule;
  HeatmapLossInputs inputs;

 private:
  reference::PackedLabels labels_;
  Buffer<float> heatmaps_, embeddings_, keypoints_;
  Buffer<std::uint8_t> masks_;
  Buffer<int> first_person_;
  Buffer<double> scales_;
};
static_assert(static_cast<int>(TargetScale::instance) == static_cast<int>(reference::Widening::by_person));

// What the gradient of each element is made of, in absolute values.
std::vector<double> magnitudes(const HeatmapProblem& p, const std::vector<double>& targets, double factor) {
  std::vector<double> magnitude(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const double reach = std::abs(p.heatmaps[i]) + targets[i];
    magnitude[i] = factor / static_cast<double>(targets.size()) * reach * (2 * (1 + reach) + reach);
  }
  return magnitude;
}

// Rounding of an element: the sums and quotients of two bilinear blends of scales made of M terms, their square, exp
// and log (2 units each): below 2M + 24 roundings. The loss adds all elements in float over a chunk of a row.
double roundings(const HeatmapProblem& p) { return 2 * p.dimensions + 24; }

void expect_equals_reference(const HeatmapProblem& p) {
  const double factor = 0.75;
  const std::vector<double> targets = reference::heatmap_targets(p);
  std::vector<double> gradient = reference::heatmap_gradient(p, targets);
  for (double& g : gradient) g *= factor;
  const double loss = reference::heatmap_loss(p, targets);
  KernelProblem kernel(p);
  SameBits same;
  for_each_run([&](const KernelRun& run) {
    SCOPED_TRACE(run.name);
    Buffer<std::byte> workspace(heatmap_loss_workspace(kernel.shape));
    Buffer<float> actual_targets(targets.size()), actual_gradient(targets.size());
    Buffer<double> actual_loss(1);
    heatmap_targets(run.stream, actual_targets.data(), workspace.data(), kernel.inputs, kernel.shape, kernel.rule,
                    run.options);
    heatmap_loss(run.stream, actual_loss.data(), actual_gradient.data(), workspace.data(), kernel.inputs, kernel.shape,
                 kernel.rule, factor, run.options);
    expect_close("targets", actual_targets, targets, std::vector<double>(targets.size(), 1.0), roundings(p));
    expect_close("gradient", actual_gradient, gradient, magnitudes(p, targets, factor), roundings(p));
    EXPECT_NEAR(actual_loss[0], loss, 3e-6 * loss + 1e-12);
    same.everywhere(run, "targets", actual_targets.bytes());
    same.everywhere(run, "gradient", actual_gradient.bytes());
    same.at_one_block_size(run, "loss", actual_loss.bytes());
  });
}

TEST(HeatmapLossKernel, EqualsTheReference) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    expect_equals_reference(reference::random_heatmap_problem(seed, {.side = 11, .keypoints = 5, .people = 5}));
  }
}

// Many channels make rows of several chunks, whose borders cut through windows.
TEST(HeatmapLossKernel, EqualsTheReferenceOnWideRows) {
  int with_borders = 0;
  for (std::uint64_t seed = 100; with_borders < 2 && seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const HeatmapProblem p = reference::random_heatmap_problem(seed, {.side = 12, .keypoints = 250, .people = 2});
    if (p.width <= 2304 / p.keypoints) continue;
    ++with_borders;
    expect_equals_reference(p);
  }
  EXPECT_EQ(with_borders, 2);
}

TEST(HeatmapLossKernel, TakesHeatmapsThatAreNotAligned) {
  const HeatmapProblem p = reference::random_heatmap_problem(7);
  const std::vector<double> targets = reference::heatmap_targets(p), gradient = reference::heatmap_gradient(p, targets);
  KernelProblem kernel(p);
  for_each_run([&](const KernelRun& run) {
    Buffer<std::byte> workspace(heatmap_loss_workspace(kernel.shape));
    Buffer<float> heatmaps(targets.size() + 1), shifted(targets.size() + 1), actual(targets.size());
    Buffer<double> loss(1);
    for (std::size_t i = 0; i < targets.size(); ++i) heatmaps[i + 1] = static_cast<float>(p.heatmaps[i]);
    HeatmapLossInputs inputs = kernel.inputs;
    inputs.heatmaps = heatmaps.data() + 1;
    heatmap_loss(run.stream, loss.data(), shifted.data() + 1, workspace.data(), inputs, kernel.shape, kernel.rule, 1,
                 run.options);
    for (std::size_t i = 0; i < targets.size(); ++i) actual[i] = shifted[i + 1];
    expect_close("gradient", actual, gradient, magnitudes(p, targets, 1), roundings(p));
  });
}

// The sub-gradient of |v| at 0 and of |1-v| at 1 is 0, inside and outside of windows.
TEST(HeatmapLossKernel, TakesZeroSlopeAtTheKinks) {
  HeatmapProblem p = reference::random_heatmap_problem(11, {.side = 9, .people = 3});
  for (std::size_t i = 0; i < p.heatmaps.size(); i += 2) p.heatmaps[i] = i % 4 == 0 ? 0 : 1;
  p.focal = true;
  expect_equals_reference(p);
}

// What the network predicts under a mask has no influence, not even when it is no number.
TEST(HeatmapLossKernel, MaskedElementsAreNotLookedAt) {
  HeatmapProblem p = reference::random_heatmap_problem(13, {.side = 9, .people = 4});
  for (std::size_t i = 0; i < p.mask.size(); i += 3) p.mask[i] = 0;
  HeatmapProblem poisoned = p;
  for (std::size_t i = 0; i < p.heatmaps.size(); ++i)
    if (p.mask[i / static_cast<std::size_t>(p.keypoints)] == 0) poisoned.heatmaps[i] = std::nan("");
  KernelProblem clean_kernel(p), poisoned_kernel(poisoned);
  for_each_run([&](const KernelRun& run) {
    Buffer<std::byte> workspace(heatmap_loss_workspace(clean_kernel.shape));
    Buffer<float> clean(p.heatmaps.size()), with_nan(p.heatmaps.size());
    Buffer<double> clean_loss(1), loss_with_nan(1);
    heatmap_loss(run.stream, clean_loss.data(), clean.data(), workspace.data(), clean_kernel.inputs, clean_kernel.shape,
                 clean_kernel.rule, 1, run.options);
    heatmap_loss(run.stream, loss_with_nan.data(), with_nan.data(), workspace.data(), poisoned_kernel.inputs,
                 clean_kernel.shape, clean_kernel.rule, 1, run.options);
    EXPECT_EQ(clean_loss[0], loss_with_nan[0]);
    EXPECT_EQ(clean.values(), with_nan.values());
  });
}

}  // namespace
}  // namespace posecu
