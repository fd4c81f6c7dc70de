// Sums, scales, ReLU and copies: so little arithmetic that the reference stands here.
#include "kernels/elementwise.h"

#include "kernel_test.h"

namespace posecu {
namespace {

template <class T>
class ElementwiseTest : public ::testing::Test {};
using Types = ::testing::Types<float, bfloat16, float16>;
TYPED_TEST_SUITE(ElementwiseTest, Types);

using Values = std::vector<double>;

// Runs launcher(run, y, x, z) for each size in each way and compares y with formula(x, z), which is exact but for
// `roundings` roundings.
template <class T, class Launcher, class Formula>
void check(Launcher launcher, Formula formula, double roundings) {
  for (const std::size_t n : kLengths) {
    SCOPED_TRACE(n);
    const Values x = draw<T>("x", n, n, -2, 2), z = draw<T>("z", n, n, -2, 2);
    Values expected, magnitude;
    for (std::size_t i = 0; i < n; ++i) {
      expected.push_back(formula(x[i], z[i]));
      magnitude.push_back(3 * std::abs(x[i]) + 3 * std::abs(z[i]));
    }
    SameBits same;
    for_each_run([&](const KernelRun& run) {
      const Buffer<T> bx(x), bz(z);
      Buffer<T> y(n);
      launcher(run, y.data(), bx.data(), bz.data(), n);
      expect_close("y", y, expected, magnitude, roundings);
      same.everywhere(run, "y", y.bytes());
    });
  }
}

TYPED_TEST(ElementwiseTest, AddsTwoTensors) {
  using T = TypeParam;
  check<T>([](const KernelRun& run, T* y, const T* x, const T* z,
              std::size_t n) { add(run.stream, y, x, z, n, run.options); },
           [](double x, double z) { return x + z; }, 1);
}

TYPED_TEST(ElementwiseTest, AccumulatesIntoItsOutput) {
  using T = TypeParam;
  check<T>(
      [](const KernelRun& run, T* y, const T* x, const T* z, std::size_t n) {
        std::copy_n(z, n, y);
        accumulate(run.stream, y, x, n, run.options);
      },
      [](double x, double z) { return z + x; }, 1);
}

TYPED_TEST(ElementwiseTest, Scales) {
  using T = TypeParam;
  check<T>([](const KernelRun& run, T* y, const T* x, const T*,
              std::size_t n) { scale(run.stream, y, x, -0.75f, n, run.options); },
           [](double x, double) { return -0.75 * x; }, 1);
}

TYPED_TEST(ElementwiseTest, JoinsTwoTensorsWithFactors) {
  using T = TypeParam;
  check<T>([](const KernelRun& run, T* y, const T* x, const T* z,
              std::size_t n) { axpby(run.stream, y, 0.3f, x, -1.7f, z, n, run.options); },
           [](double x, double z) { return double{0.3f} * x + double{-1.7f} * z; }, 2);
}

TYPED_TEST(ElementwiseTest, RectifiesForward) {
  using T = TypeParam;
  check<T>([](const KernelRun& run, T* y, const T* x, const T*,
              std::size_t n) { relu_forward(run.stream, y, x, n, run.options); },
           [](double x, double) { return std::max(x, 0.0); }, 0);
}

TYPED_TEST(ElementwiseTest, LetsGradientPassWhereOutputIsPositive) {
  using T = TypeParam;
  check<T>([](const KernelRun& run, T* y, const T* x, const T* z,
              std::size_t n) { relu_backward(run.stream, y, x, z, n, run.options); },
           [](double dy, double y) { return y > 0 ? dy : 0.0; }, 0);
}

TYPED_TEST(ElementwiseTest, WorksOnItsOwnOutput) {
  using T = TypeParam;
  check<T>(
      [](const KernelRun& run, T* y, const T* x, const T* z, std::size_t n) {
        std::copy_n(x, n, y);
        relu_backward(run.stream, y, y, z, n, run.options);
        axpby(run.stream, y, 0.5f, y, 2.f, z, n, run.options);
      },
      [](double x, double z) { return 0.5 * (z > 0 ? x : 0.0) + 2 * z; }, sizeof(T) == 4 ? 2 : 1);
}

TYPED_TEST(ElementwiseTest, TakesPlacesThatAreNotAlignedToVectors) {
  using T = TypeParam;
  for_each_run([](const KernelRun& run) {
    const Values x = draw<T>("x", 1, 100, -2, 2);
    const Buffer<T> bx(x);
    Buffer<T> y(100);
    scale(run.stream, y.data() + 1, bx.data() + 3, 2.f, 90, run.options);
    for (std::size_t i = 0; i < 90; ++i) EXPECT_EQ(number(y[i + 1]), 2 * x[i + 3]);
    EXPECT_TRUE(std::isnan(number(y[0])) && std::isnan(number(y[91])));
  });
}

// Rounded once, as the format says.
TYPED_TEST(ElementwiseTest, CastsFloatsAndBack) {
  using T = TypeParam;
  if constexpr (sizeof(T) == 2) {
    for (const std::size_t n : kLengths) {
      SCOPED_TRACE(n);
      Values x = draw<float>("x", n, n, -2, 2);
      for (std::size_t i = 0; i < n; i += 3) x[i] *= 1e-6;  // subnormal as float16
      x[n / 2] = number(1e30F);                             // infinite as float16
      for_each_run([&](const KernelRun& run) {
        const Buffer<float> bx(x);
        Buffer<T> narrow(n);
        Buffer<float> wide(n);
        cast(run.stream, narrow.data(), bx.data(), n, run.options);
        cast(run.stream, wide.data(), static_cast<const T*>(narrow.data()), n, run.options);
        for (std::size_t i = 0; i < n; ++i) {
          ASSERT_EQ(number(narrow[i]), number(rounded<T>(x[i]))) << x[i];
          ASSERT_EQ(number(wide[i]), number(narrow[i]));
        }
      });
    }
  }
}

TYPED_TEST(ElementwiseTest, ConcatenatesAndSplitsChannels) {
  using T = TypeParam;
  for (const ConcatShape shape :
       {ConcatShape{1, 1, 1}, {5, 3, 2}, {129, 8, 16}, {131, 32, 17}, {300, 5, 8}, {257, 24, 32}}) {
    SCOPED_TRACE(shape.rows);
    const auto rows = static_cast<std::size_t>(shape.rows), first = static_cast<std::size_t>(shape.first_channels),
               second = static_cast<std::size_t>(shape.second_channels), both = first + second;
    for_each_run([&](const KernelRun& run) {
      const Buffer<T> a(draw<T>("a", rows, rows * first, -2, 2)), b(draw<T>("b", rows, rows * second, -2, 2));
      Buffer<T> y(rows * both), back_a(rows * first), back_b(rows * second);
      concat_channels(run.stream, y.data(), a.data(), b.data(), shape, run.options);
      for (std::size_t i = 0; i < rows * both; ++i) {
        const std::size_t row = i / both, c = i % both;
        ASSERT_EQ(number(y[i]), c < first ? number(a[row * first + c]) : number(b[row * second + c - first])) << i;
      }
      split_channels(run.stream, back_a.data(), back_b.data(), y.data(), shape, run.options);
      EXPECT_EQ(back_a.values(), a.values());
      EXPECT_EQ(back_b.values(), b.values());
      Buffer<T> only_b(rows * second);
      split_channels(run.stream, static_cast<T*>(nullptr), only_b.data(), y.data(), shape, run.options);
      EXPECT_EQ(only_b.values(), b.values());
    });
  }
}

}  // namespace
}  // namespace posecu
