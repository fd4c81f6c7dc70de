// A factor and a summand a channel: so little arithmetic that the reference stands here.
#include "kernels/scale_shift.h"

#include "kernel_test.h"

namespace posecu {
namespace {

template <class T>
class ScaleShiftTest : public ::testing::Test {};
using Types = ::testing::Types<float, bfloat16, float16>;
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

TEST(FoldBatchNormTest, EqualsItsFormula) {
  for (const int channels : {1, 7, 128, 129, 300}) {
    SCOPED_TRACE(channels);
    const auto n = static_cast<std::size_t>(channels);
    const Values gamma = draw<float>("gamma", 1, n, -2, 2), beta = draw<float>("beta", 1, n, -2, 2),
                 mean = draw<float>("mean", 1, n, -2, 2), var = draw<float>("var", 1, n, 0, 3);
    const auto eps = double{1e-5F};
    Values scale, shift;
    for (std::size_t c = 0; c < n; ++c) {
      scale.push_back(gamma[c] / std::sqrt(var[c] + eps));
      shift.push_back(beta[c] - mean[c] * scale[c]);
    }
    SameBits same;
    for_each_run([&](const KernelRun& run) {
      const Buffer<float> bgamma(gamma), bbeta(beta), bmean(mean), bvar(var);
      Buffer<float> found_scale(n), found_shift(n);
      fold_batch_norm(run.stream, found_scale.data(), found_shift.data(),
                      {bgamma.data(), bbeta.data(), bmean.data(), bvar.data()}, channels, 1e-5F, run.options);
      expect_close("scale", found_scale, scale, scale, 0);  // one rounding
      expect_close("shift", found_shift, shift, shift, 0);
      same.everywhere(run, "scale", found_scale.bytes());
      same.everywhere(run, "shift", found_shift.bytes());
    });
  }
}

}  // namespace
}  // namespace posecu
