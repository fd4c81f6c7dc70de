// A bias, a sum and ReLU: so little arithmetic that the reference stands here. The gradient is a sum of columns.
#include "kernels/bias.h"

#include "kernel_test.h"

namespace posecu {
namespace {

template <class T>
class BiasTest : public ::testing::Test {};
using Types = ::testing::Types<float, bfloat16, float16>;
TYPED_TEST_SUITE(BiasTest, Types);

using Values = std::vector<double>;

const std::vector<BiasShape> kBiasShapes = {{1, 1},    {3, 7},    {128, 8}, {129, 16}, {131, 33},
                                            {300, 24}, {257, 17}, {5, 520}, {400, 136}};

std::size_t elements(BiasShape shape) {
  return static_cast<std::size_t>(shape.rows) * static_cast<std::size_t>(shape.channels);
}

// What add_bias shall write, and the absolute sum of what was added.
struct ExpectedSum {
  Values y, magnitude;
};
ExpectedSum expect(const Values& x, const Values& bias, const Values& sum, Activation activation) {
  ExpectedSum result;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double b = bias.empty() ? 0 : bias[i % bias.size()], s = sum.empty() ? 0 : sum[i], y = x[i] + b + s;
    result.y.push_back(activation == Activation::relu ? std::max(y, 0.0) : y);
    result.magnitude.push_back(std::abs(x[i]) + std::abs(b) + std::abs(s));
  }
  return result;
}

TYPED_TEST(BiasTest, AddsBiasAndSumWhereTheyAre) {
  using T = TypeParam;
  for (const BiasShape shape : kBiasShapes) {
    const std::size_t n = elements(shape);
    const Values x = draw<T>("x", n, n, -2, 2),
                 bias = draw<T>("bias", n, static_cast<std::size_t>(shape.channels), -2, 2),
                 sum = draw<T>("sum", n, n, -2, 2), none;
    for (int which = 0; which < 8; ++which) {
      SCOPED_TRACE(testing::Message() << shape.rows << " x " << shape.channels << ", case " << which);
      const Activation activation = which % 2 == 0 ? Activation::none : Activation::relu;
      const bool with_bias = which / 2 % 2 == 1, with_sum = which / 4 == 1;
      const ExpectedSum expected = expect(x, with_bias ? bias : none, with_sum ? sum : none, activation);
      SameBits same;
      for_each_run([&](const KernelRun& run) {
        const Buffer<T> bx(x), bbias(bias), bsum(sum);
        Buffer<T> y(n), in_place(x);
        const T* const b = with_bias ? bbias.data() : nullptr;
        const T* const s = with_sum ? bsum.data() : nullptr;
        add_bias<T>(run.stream, y.data(), bx.data(), b, s, shape, activation, run.options);
        expect_close("y", y, expected.y, expected.magnitude, 2);
        same.everywhere(run, "y", y.bytes());
        add_bias<T>(run.stream, in_place.data(), in_place.data(), b, s, shape, activation, run.options);
        EXPECT_EQ(in_place.values(), y.values());
      });
    }
  }
}

TYPED_TEST(BiasTest, AddsTheGradientsColumnSums) {
  using T = TypeParam;
  for (const BiasShape shape : kBiasShapes) {
    SCOPED_TRACE(testing::Message() << shape.rows << " x " << shape.channels);
    const std::size_t n = elements(shape), channels = static_cast<std::size_t>(shape.channels);
    const Values dy = draw<T>("dy", n, n, -2, 2);
    Values expected(channels, 9), magnitude(channels, 9);
    for (std::size_t i = 0; i < n; ++i) {
      expected[i % channels] += dy[i];
      magnitude[i % channels] += std::abs(dy[i]);
    }
    SameBits same;
    for_each_run([&](const KernelRun& run) {
      const Buffer<T> bdy(dy);
      Buffer<float> dbias(Values(channels, 9)), workspace(bias_gradient_workspace(shape));
      accumulate_bias_gradient<T>(run.stream, dbias.data(), workspace.data(), bdy.data(), shape, run.options);
      expect_close("dbias", dbias, expected, magnitude, 130);
      same.at_one_block_size(run, "dbias", dbias.bytes());
    });
  }
}

}  // namespace
}  // namespace posecu
