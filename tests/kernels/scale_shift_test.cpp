// A factor and a summand a channel: so little arithmetic that the reference stands here.
#include "kernels/scale_shift.h"

#include "kernel_test.h"

namespace posecu {
namespace {

template <class T>
class ScaleShiftTest : public ::testing::Test {};
using Types = ::testing::Types<float, bfloat16>;
TYPED_TEST_SUITE(ScaleShiftTest, Types);

using Values = std::vector<double>;

TYPED_TEST(ScaleShiftTest, EqualsItsFormula) {
  using T = TypeParam;
  for (const BatchNormShape shape :
       {BatchNormShape{1, 1}, {3, 7}, {128, 8}, {129, 16}, {131, 33}, {300, 24}, {257, 17}, {5, 512}}) {
    SCOPED_TRACE(testing::Message() << shape.rows << " x " << shape.channels);
    const auto channels = static_cast<std::size_t>(shape.channels);
    const std::size_t n = static_cast<std::size_t>(shape.rows) * channels;
    const Values x = draw<T>("x", n, n, -2, 2), scale = draw<float>("scale", n, channels, -2, 2),
                 shift = draw<float>("shift", n, channels, -2, 2);
    for (const Activation activation : {Activation::none, Activation::relu}) {
      Values expected, magnitude;
      for (std::size_t i = 0; i < n; ++i) {
        const double y = scale[i % channels] * x[i] + shift[i % channels];
        expected.push_back(activation == Activation::relu ? std::max(y, 0.0) : y);
        magnitude.push_back(std::abs(scale[i % channels] * x[i]) + std::abs(shift[i % channels]));
      }
      SameBits same;
      for_each_run([&](const KernelRun& run) {
        const Buffer<T> bx(x);
        const Buffer<float> bscale(scale), bshift(shift);
        Buffer<T> y(n);
        scale_shift(run.stream, y.data(), bx.data(), bscale.data(), bshift.data(), shape, activation, run.options);
        expect_close("y", y, expected, magnitude, 2);
        same.everywhere(run, "y", y.bytes());
        Buffer<T> in_place(x);
        scale_shift<T>(run.stream, in_place.data(), in_place.data(), bscale.data(), bshift.data(), shape, activation,
                       run.options);
        EXPECT_EQ(in_place.values(), y.values());
      });
    }
  }
}

}  // namespace
}  // namespace posecu
