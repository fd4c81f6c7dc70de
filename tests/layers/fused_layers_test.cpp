// The layers that kernels make up (batch norm, branch fusion, concatenation, resize) against the double references,
// which the kernels' tests check by finite differences.
#include "layers/batch_norm.h"
#include "layers/concat.h"
#include "layers/elementwise.h"
#include "layers/fuse.h"
#include "layers/resize.h"
#include "tests/reference/batch_norm.h"
#include "tests/reference/fuse.h"
#include "tests/reference/resize.h"
#include "tests/support/device.h"
#include "tests/support/layer_test.h"

namespace posecu {
namespace {

using reference::BatchNormGradients;
using reference::BatchNormProblem;
using reference::BatchNormResult;

constexpr std::uint64_t kFusedProblems = 60;

// Float32 statistics of few values: their variance may be a hundredth of the values' squares.
constexpr double kFusedTolerance = 2e-5;

// Parameters of a batch norm called "bn" with drawn values; x and the residual keep outputs away from ReLU's kink.
struct BatchNormCase {
  Map x, residual, dy;
  BatchNormProblem problem;

  BatchNormCase(std::uint64_t seed, Parameters& parameters) {
    for (int attempt = 0; attempt == 0 || !clear_of_kinks(); ++attempt) {
      Random random(seed, 0, static_cast<std::uint64_t>(attempt), RandomPurpose::test);
      const int channels = static_cast<int>(parameters.find("bn.weight")->value.elements());
      x = random_map(random, 1 + random.below(3), 2 + random.below(5), 2 + random.below(9), channels);
      residual = seed % 2 == 0 ? Map() : random_map(random, x.n, x.h, x.w, x.c);
      dy = random_map(random, x.n, x.h, x.w, x.c);
      for (Parameter& parameter : parameters.all())
        fill(parameter.value, random_values(random, parameter.value.elements()));
      Parameter& var = *parameters.find("bn.running_var");
      for (float& value : var.value) value = 1.5F + value;
      const auto values = [&](const char* name) {
        const View<float> view = parameters.find(name)->value;
        return Values(view.begin(), view.end());
      };
      problem = {x.n * x.h * x.w,
                 channels,
                 1e-5F,
                 0.1F,
                 seed % 3 > 0,
                 x.values,
                 residual.values,
                 values("bn.weight"),
                 values("bn.bias"),
                 values("bn.running_mean"),
                 values("bn.running_var")};
    }
  }

  bool clear_of_kinks() const {
    const BatchNormResult result = batch_norm(problem);
    return std::ranges::all_of(result.z, [](double z) { return std::abs(z) > 1e-4; });
  }
};

TEST(BatchNorm, EqualsTheReferenceForwardAndBackward) {
  for (std::uint64_t seed = 0; seed < kFusedProblems; ++seed) {
    SCOPED_TRACE(seed);
    Context context(test_context_options({.threads = 2, .memory = 64 << 20}));
    Parameters parameters;
    const int channels = std::array{1, 2, 3, 5, 7, 8, 11, 16, 17, 32}[seed % 10];
    BatchNorm<float> bn(parameters, "bn", channels, {.activation = seed % 3 > 0 ? Activation::relu : Activation::none});
    parameters.allocate(context, Parameters::Gradients::allocate);
    const BatchNormCase c(seed, parameters);
    std::ranges::fill(parameters.gradients(), 9.F);
    const BatchNormResult expected = batch_norm(c.problem);
    const BatchNormGradients gradients = batch_norm_gradients(c.problem, c.dy.values);
    Tensor<float> residual, dresidual;
    if (!c.problem.residual.empty()) residual = tensor_of(context, c.residual);
    auto x = tensor_of(context, c.x);
    const auto dy = tensor_of(context, c.dy);

    fill_memory_with_nan(context);
    const auto y = bn.forward_training(context, std::move(x), residual);
    expect_values(y, expected.y, {kFusedTolerance, 1}, "y");
    expect_values(parameters.find("bn.running_mean")->value, expected.running_mean, {kFusedTolerance, 1},
                  "running_mean");
    expect_values(parameters.find("bn.running_var")->value, expected.running_var, {kFusedTolerance, 1}, "running_var");

    const auto dx = context.tensor<float>(dy.shape());
    if (!residual.empty()) dresidual = context.tensor<float>(dy.shape());
    bn.backward(context, dx, dy, dresidual);
    expect_values(dx, gradients.dx, {kFusedTolerance, 1}, "dx");
    if (!residual.empty()) expect_values(dresidual, gradients.dresidual, {kFusedTolerance, 1}, "dresidual");
    expect_values(parameters.find("bn.weight")->gradient, gradients.dgamma, {kFusedTolerance, 1, 9}, "dgamma");
    expect_values(parameters.find("bn.bias")->gradient, gradients.dbeta, {kFusedTolerance, 1, 9}, "dbeta");
  }
}

TEST(BatchNorm, InfersByItsRunningStatistics) {
  for (const int channels : {1, 3, 8, 17}) {
    Context context(test_context_options({.threads = 2, .memory = 64 << 20}));
    Parameters parameters;
    BatchNorm<float> bn(parameters, "bn", channels, {.activation = Activation::relu});
    parameters.allocate(context, Parameters::Gradients::none);
    const BatchNormCase c(1, parameters);
    Values expected = c.x.values;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const std::size_t k = i % static_cast<std::size_t>(channels);
      const double x_hat = (expected[i] - c.problem.running_mean[k]) / std::sqrt(c.problem.running_var[k] + 1e-5);
      expected[i] = std::max(0.0, c.problem.gamma[k] * x_hat + c.problem.beta[k]);
    }
    expect_values(bn.forward_inference(context, tensor_of(context, c.x)), expected, {1e-6, 1}, "y");
  }
}

TEST(FuseBranches, EqualsTheReferenceForwardAndBackward) {
  for (std::uint64_t seed = 0; seed < kFusedProblems; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed, 1, 0, RandomPurpose::test);
    Context context(test_context_options({.threads = 2, .memory = 64 << 20}));
    const int n = 1 + random.below(2), h = 8 * (1 + random.below(2)), w = 8 * (1 + random.below(2)),
              c = std::array{1, 3, 5, 8, 16, 17}[seed % 6];
    std::vector<int> factors{1};
    for (int i = random.below(4); i > 0; --i) factors.push_back(1 << random.below(4));
    std::vector<Map> inputs;
    std::vector<Tensor<float>> tensors;
    std::vector<Shape> shapes;
    for (const int factor : factors) {
      inputs.push_back(random_map(random, n, h / factor, w / factor, c));
      tensors.push_back(tensor_of(context, inputs.back()));
      shapes.push_back(tensors.back().shape());
    }
    fill_memory_with_nan(context);
    const auto y = fuse_branches<float>(context, std::vector<View<const float>>(tensors.begin(), tensors.end()));
    expect_values(y, fuse(inputs, factors).values, {1e-6}, "y");

    const Map dy = random_map(random, n, h, w, c);
    const auto gradients = fuse_branches_backward<float>(context, tensor_of(context, dy), y, shapes);
    const std::vector<Map> expected = fuse_gradients(inputs, factors, dy);
    for (std::size_t i = 0; i < factors.size(); ++i) {
      EXPECT_EQ(gradients.reduced[i].empty(), factors[i] == 1);
      expect_values(factors[i] == 1 ? gradients.full : gradients.reduced[i], expected[i].values, {5e-6, 1}, "dx");
    }
  }
}

TEST(FuseBranches, RefusesSizesThatDoNotDivideEachOther) {
  Context context(test_context_options({.threads = 1, .memory = 16 << 20}));
  const auto a = context.tensor<float>({1, 8, 8, 3}), b = context.tensor<float>({1, 3, 8, 3});
  EXPECT_THROW(static_cast<void>(fuse_branches<float>(context, std::vector<View<const float>>{a, b})),
               std::logic_error);
}

TEST(Concat, PutsChannelsSideBySideAndSplitTakesThemApart) {
  for (std::uint64_t seed = 0; seed < kFusedProblems; ++seed) {
    Random random(seed, 2, 0, RandomPurpose::test);
    Context context(test_context_options({.threads = 2, .memory = 64 << 20}));
    const int n = 1 + random.below(3), h = 1 + random.below(9), w = 1 + random.below(17);
    const Map a = random_map(random, n, h, w, 1 + random.below(33)),
              b = random_map(random, n, h, w, 1 + random.below(18));
    const auto ta = tensor_of(context, a), tb = tensor_of(context, b);
    fill_memory_with_nan(context);
    const auto y = concat<float>(context, ta, tb);
    ASSERT_EQ(y.shape(), Shape({n, h, w, a.c + b.c}));
    for (std::size_t i = 0; i < y.elements(); ++i) {
      const auto channels = static_cast<std::size_t>(a.c + b.c), first = static_cast<std::size_t>(a.c);
      const std::size_t row = i / channels, k = i % channels;
      ASSERT_EQ(y.data()[i], k < first ? ta.data()[row * first + k] : tb.data()[row * (channels - first) + k - first]);
    }
    const auto [back_a, back_b] = split<float>(context, y, a.c);
    EXPECT_TRUE(std::ranges::equal(back_a.view(), ta.view()));
    EXPECT_TRUE(std::ranges::equal(back_b.view(), tb.view()));
  }
}

TEST(ResizeBilinear, EqualsTheReference) {
  for (std::uint64_t seed = 0; seed < kFusedProblems; ++seed) {
    Random random(seed, 3, 0, RandomPurpose::test);
    Context context(test_context_options({.threads = 2, .memory = 64 << 20}));
    const Map x =
        random_map(random, 1 + random.below(2), 1 + random.below(9), 1 + random.below(9), 1 + random.below(18));
    const int height = 1 + random.below(20), width = 1 + random.below(20);
    const auto tensor = tensor_of(context, x);
    fill_memory_with_nan(context);
    expect_values(resize_bilinear(context, tensor, height, width), resize_bilinear(x, height, width).values, {2e-6, 1},
                  "y");
  }
}

TEST(Elementwise, AddsAveragesAndCopies) {
  Context context(test_context_options({.threads = 2, .memory = 64 << 20}));
  Random random(1, 4, 0, RandomPurpose::test);
  const Map a = random_map(random, 2, 5, 7, 3), b = random_map(random, 2, 5, 7, 3);
  Values sum = a.values, mean = a.values;
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += b.values[i], mean[i] = (mean[i] + b.values[i]) / 2;
  const auto ta = tensor_of(context, a), tb = tensor_of(context, b);
  auto copy = copy_of(context, ta);
  expect_values(copy, a.values, {0}, "copy");
  add_to<float>(context, copy, tb);
  expect_values(copy, sum, {1e-7, 2}, "sum");
  expect_values(mean_of(context, copy_of(context, ta), tb), mean, {1e-7, 1}, "mean");
}

}  // namespace
}  // namespace posecu
