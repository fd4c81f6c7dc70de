// Conv2d and ConvTranspose2d against the double references, and those against finite differences.
#include "tests/reference/convolution.h"

#include <cmath>

#include "layers/conv2d.h"
#include "layers/conv_transpose2d.h"
#include "layers/elementwise.h"
#include "tests/reference/differences.h"
#include "tests/support/device.h"
#include "tests/support/layer_test.h"

namespace posecu {
namespace {

using reference::ConvolutionGradients;
using reference::Kernel;

constexpr std::uint64_t kProblems = 60;

// Sums of at most 9 * 33 products, each rounded to float once: n * eps = 3.5e-5 of their absolute sum at worst, a few
// eps of the largest in practice.
constexpr double kTolerance = 5e-6;

// What a result may be off by, of its largest value: T's own rounding, or that of the sums.
template <class T>
constexpr double kToleranceOf = kTolerance;
template <>
constexpr double kToleranceOf<bfloat16> = 1.01 * 0x1p-8;
template <>
constexpr double kToleranceOf<float16> = 1.01 * 0x1p-11;

// Convolution is linear in each input, so that central differences have rounding errors only.
constexpr double kStep = 1e-3, kDifferenceTolerance = 1e-9;

struct Problem {
  Kernel kernel;
  Map x, dy;
  Values weight, bias;
};

int draw(Random& random, std::initializer_list<int> choices) {
  return *(choices.begin() + random.below(static_cast<int>(choices.size())));
}

// Channels 1, primes and other numbers that no vector divides; the network's kernels 1x1, 3x3 and 3x3 of stride 2.
Problem random_problem(std::uint64_t seed) {
  Random random(seed, 0, 0, RandomPurpose::test);
  Problem p;
  const auto shape = random.below(3);
  p.kernel = {draw(random, {1, 2, 3, 5, 7, 8, 11, 16, 17, 33}), draw(random, {1, 2, 3, 5, 8, 13, 14, 17, 24}),
              shape == 0 ? 1 : 3, shape == 2 ? 2 : 1, shape == 0 ? 0 : 1};
  const Map sizes(1 + random.below(3), 1 + random.below(4), 1 + random.below(7), p.kernel.in);
  p.x = random_map(random, sizes.n, sizes.h, sizes.w, sizes.c);
  p.weight =
      random_values(random, static_cast<std::size_t>(p.kernel.in * p.kernel.out * p.kernel.side * p.kernel.side));
  if (random.below(2) == 1) p.bias = random_values(random, static_cast<std::size_t>(p.kernel.out));
  const Map y = convolution(p.x, p.weight, p.bias, p.kernel);
  p.dy = random_map(random, y.n, y.h, y.w, y.c);
  return p;
}

Problem random_transposed_problem(std::uint64_t seed) {
  Random random(seed, 1, 0, RandomPurpose::test);
  Problem p;
  p.kernel = {draw(random, {1, 2, 3, 5, 8, 11, 25}), draw(random, {1, 2, 3, 5, 8, 13}), 4, 2, 1};
  p.x = random_map(random, 1 + random.below(2), 1 + random.below(3), 1 + random.below(4), p.kernel.in);
  p.weight = random_values(random, static_cast<std::size_t>(p.kernel.in * p.kernel.out * 16));
  const Map y = transposed_convolution(p.x, p.weight, p.kernel);
  p.dy = random_map(random, y.n, y.h, y.w, y.c);
  return p;
}

// With numbers of 7 bits, which every type holds: multiples of 1/64.
Problem coarse(Problem p) {
  for (Values* values : {&p.x.values, &p.dy.values, &p.weight, &p.bias}) {
    for (double& value : *values) value = std::nearbyint(value * 64) / 64;
  }
  return p;
}

template <class T>
Tensor<T> typed_tensor_of(Context& context, const Map& map) {
  if constexpr (std::is_same_v<T, float>) {
    return tensor_of(context, map);
  } else {
    return converted<T, float>(context, tensor_of(context, map));
  }
}

template <class T>
void expect_typed(Context& context, View<const T> found, const Values& expected, const std::string& name) {
  if constexpr (std::is_same_v<T, float>) {
    expect_values(found, expected, {kTolerance}, name);
  } else {
    expect_values(converted<float, T>(context, found), expected, {kToleranceOf<T>}, name);
  }
}

ConvolutionSizes sizes_of(const Kernel& kernel) {
  return {kernel.in, kernel.out, kernel.side, kernel.stride, kernel.padding};
}

TEST(ConvolutionReference, GradientsEqualFiniteDifferences) {
  for (std::uint64_t seed = 0; seed < kProblems; ++seed) {
    SCOPED_TRACE(seed);
    Problem p = random_problem(seed);
    const ConvolutionGradients gradients = convolution_gradients(p.x, p.weight, p.dy, p.kernel);
    const auto value = [&] { return reference::dot(p.dy.values, convolution(p.x, p.weight, p.bias, p.kernel).values); };
    const auto check = [&](Values& inputs, const Values& gradient, const char* name) {
      reference::expect_gradient(name, inputs, gradient, value, kStep, kDifferenceTolerance);
    };
    check(p.x.values, gradients.x.values, "dx");
    check(p.weight, gradients.weight, "dweight");
    if (!p.bias.empty()) check(p.bias, gradients.bias, "dbias");
  }
}

TEST(TransposedConvolutionReference, GradientsEqualFiniteDifferences) {
  for (std::uint64_t seed = 0; seed < kProblems; ++seed) {
    SCOPED_TRACE(seed);
    Problem p = random_transposed_problem(seed);
    const ConvolutionGradients gradients = transposed_convolution_gradients(p.x, p.weight, p.dy, p.kernel);
    const auto value = [&] {
      return reference::dot(p.dy.values, transposed_convolution(p.x, p.weight, p.kernel).values);
    };
    reference::expect_gradient("dx", p.x.values, gradients.x.values, value, kStep, kDifferenceTolerance);
    reference::expect_gradient("dweight", p.weight, gradients.weight, value, kStep, kDifferenceTolerance);
  }
}

template <class T>
class TypedConvolution : public ::testing::Test {};
using Types = ::testing::Types<float, bfloat16, float16>;
TYPED_TEST_SUITE(TypedConvolution, Types);

TYPED_TEST(TypedConvolution, EqualsTheReferenceForwardAndBackward) {
  using T = TypeParam;
  for (std::uint64_t seed = 0; seed < kProblems; ++seed) {
    SCOPED_TRACE(seed);
    const Problem p = sizeof(T) == sizeof(float) ? random_problem(seed) : coarse(random_problem(seed));
    Context context(test_context_options({.threads = 2, .memory = 64 << 20}));
    Parameters parameters;
    Conv2d<T> conv(parameters, "conv", sizes_of(p.kernel), p.bias.empty() ? Bias::no : Bias::yes);
    parameters.allocate(context, Parameters::Gradients::allocate);
    fill(parameters.find("conv.weight")->value, p.weight);
    if (!p.bias.empty()) fill(parameters.find("conv.bias")->value, p.bias);
    std::ranges::fill(parameters.gradients(), 9.F);
    const auto x = typed_tensor_of<T>(context, p.x), dy = typed_tensor_of<T>(context, p.dy);

    fill_memory_with_nan(context);
    const Values expected_y = convolution(p.x, p.weight, p.bias, p.kernel).values;
    conv.prepare_inference();
    expect_typed<T>(context, conv.forward_inference(context, x), expected_y, "y of inference");
    expect_typed<T>(context, conv.forward_training(context, x), expected_y, "y");
    Values sum = expected_y;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = std::max(sum[i] + p.dy.values[i], 0.0);
    auto summand = typed_tensor_of<T>(context, p.dy);
    fill_memory_with_nan(context);
    expect_typed<T>(context, conv.forward_inference(context, x, std::move(summand), Activation::relu), sum,
                    "relu of y added to a sum");
    const auto dx = conv.backward(context, dy);
    const ConvolutionGradients expected = convolution_gradients(p.x, p.weight, p.dy, p.kernel);
    expect_typed<T>(context, dx, expected.x.values, "dx");
    const Comparison added{kToleranceOf<T>, 0, 9};
    expect_values(parameters.find("conv.weight")->gradient, expected.weight, added, "dweight");
    if (!p.bias.empty()) expect_values(parameters.find("conv.bias")->gradient, expected.bias, added, "dbias");
  }
}

TEST(Conv2d, BackwardOfParametersAloneIsTheSame) {
  const Problem p = random_problem(3);
  Context context(test_context_options({.threads = 2, .memory = 64 << 20}));
  Parameters parameters;
  Conv2d<float> conv(parameters, "conv", sizes_of(p.kernel), Bias::yes);
  parameters.allocate(context, Parameters::Gradients::allocate);
  fill(parameters.find("conv.weight")->value, p.weight);
  const auto x = tensor_of(context, p.x), dy = tensor_of(context, p.dy);
  static_cast<void>(conv.forward_training(context, x));
  conv.backward_parameters(context, dy);
  const ConvolutionGradients expected = convolution_gradients(p.x, p.weight, p.dy, p.kernel);
  expect_values(parameters.find("conv.weight")->gradient, expected.weight, {kTolerance}, "dweight");
  expect_values(parameters.find("conv.bias")->gradient, expected.bias, {kTolerance}, "dbias");
}

TEST(Conv2d, InferenceSeesNewWeightsAfterPrepareOnly) {
  Problem p = random_problem(5);
  Context context(test_context_options({.threads = 1, .memory = 64 << 20}));
  Parameters parameters;
  Conv2d<float> conv(parameters, "conv", sizes_of(p.kernel), Bias::yes);
  parameters.allocate(context, Parameters::Gradients::none);
  p.bias.resize(static_cast<std::size_t>(p.kernel.out), 0.5);
  const auto x = tensor_of(context, p.x);
  for (const double factor : {1.0, -0.5}) {
    for (double& weight : p.weight) weight *= factor;
    fill(parameters.find("conv.weight")->value, p.weight);
    fill(parameters.find("conv.bias")->value, p.bias);
    conv.prepare_inference();
    for (int repeat = 0; repeat < 2; ++repeat) {
      fill_memory_with_nan(context);
      const auto y = conv.forward_inference(context, x);
      expect_values(y, convolution(p.x, p.weight, p.bias, p.kernel).values, {kTolerance}, "y");
    }
  }
}

TEST(Conv2d, TakesAnyNumberOfShapesOneAfterAnother) {
  const Problem p = random_problem(4);
  Context context(test_context_options({.threads = 1, .memory = 64 << 20}));
  Parameters parameters;
  Conv2d<float> conv(parameters, "conv", sizes_of(p.kernel), Bias::no);
  parameters.allocate(context, Parameters::Gradients::none);
  fill(parameters.find("conv.weight")->value, p.weight);
  Random random(1, 2, 0, RandomPurpose::test);
  for (int repeat = 0; repeat < 2; ++repeat) {
    for (int width = 3; width < 60; ++width) {
      const Map x = random_map(random, 1, 3, width, p.kernel.in);
      const auto y = conv.forward_inference(context, tensor_of(context, x));
      expect_values(y, convolution(x, p.weight, {}, p.kernel).values, {kTolerance}, "y");
    }
  }
}

TEST(Conv2d, RunsAreTheSameBits) {
  const Problem p = random_problem(7);
  Context context(test_context_options({.threads = 2, .memory = 64 << 20}));
  Parameters parameters;
  Conv2d<float> conv(parameters, "conv", sizes_of(p.kernel), Bias::yes);
  parameters.allocate(context, Parameters::Gradients::allocate);
  fill(parameters.find("conv.weight")->value, p.weight);
  const auto x = tensor_of(context, p.x), dy = tensor_of(context, p.dy);
  std::vector<std::vector<float>> results;
  for (int repeat = 0; repeat < 3; ++repeat) {
    parameters.clear_gradients();
    const auto y = conv.forward_training(context, x);
    const auto dx = conv.backward(context, dy);
    auto& all = results.emplace_back(y.view().begin(), y.view().end());
    all.insert(all.end(), dx.view().begin(), dx.view().end());
    all.insert(all.end(), parameters.gradients().begin(), parameters.gradients().end());
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TYPED_TEST(TypedConvolution, EqualsTheTransposedReferenceForwardAndBackward) {
  using T = TypeParam;
  for (std::uint64_t seed = 0; seed < kProblems; ++seed) {
    SCOPED_TRACE(seed);
    const Problem p =
        sizeof(T) == sizeof(float) ? random_transposed_problem(seed) : coarse(random_transposed_problem(seed));
    Context context(test_context_options({.threads = 2, .memory = 64 << 20}));
    Parameters parameters;
    ConvTranspose2d<T> conv(parameters, "deconv", sizes_of(p.kernel));
    parameters.allocate(context, Parameters::Gradients::allocate);
    fill(parameters.find("deconv.weight")->value, p.weight);
    std::ranges::fill(parameters.gradients(), 9.F);
    auto x = typed_tensor_of<T>(context, p.x);
    const auto dy = typed_tensor_of<T>(context, p.dy);
    const Values expected_y = transposed_convolution(p.x, p.weight, p.kernel).values;

    fill_memory_with_nan(context);
    conv.prepare_inference();
    expect_typed<T>(context, conv.forward_inference(context, x), expected_y, "y of inference");
    expect_typed<T>(context, conv.forward_training(context, std::move(x)), expected_y, "y");
    const auto dx = conv.backward(context, dy);
    const ConvolutionGradients expected = transposed_convolution_gradients(p.x, p.weight, p.dy, p.kernel);
    expect_typed<T>(context, dx, expected.x.values, "dx");
    expect_values(parameters.find("deconv.weight")->gradient, expected.weight, {kToleranceOf<T>, 0, 9}, "dweight");
  }
}

TEST(Conv2d, RefusesTensorsWithOtherChannels) {
  Context context(test_context_options({.threads = 1, .memory = 16 << 20}));
  Parameters parameters;
  Conv2d<float> conv(parameters, "conv", {3, 4, 3, 1, 1}, Bias::no);
  parameters.allocate(context, Parameters::Gradients::none);
  const auto x = context.tensor<float>({1, 4, 4, 5});
  EXPECT_THROW(static_cast<void>(conv.forward_training(context, x)), std::logic_error);
}

}  // namespace
}  // namespace posecu
