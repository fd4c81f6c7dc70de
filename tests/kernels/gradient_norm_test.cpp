// The reference is one sum in double: it stands here.
#include "kernels/gradient_norm.h"

#include <limits>

#include "kernel_test.h"

namespace posecu {
namespace {

constexpr double kSummedInFloat = 8192;  // terms of the longest sum in float

double norm_of(const KernelRun& run, const Buffer<float>& gradients) {
  Buffer<double> norm(1), scratch(gradient_norm_scratch(gradients.size()));
  gradient_norm(run.stream, norm.data(), scratch.data(), gradients.data(), gradients.size(), run.options);
  return norm[0];
}

TEST(GradientNormTest, EqualsTheNormInDouble) {
  for (const std::size_t n : kLengths) {
    SCOPED_TRACE(n);
    const std::vector<double> values = draw<float>("g", n, n, -2, 2);
    double squares = 0;
    for (const double value : values) squares += value * value;
    SameBits same;
    for_each_run([&](const KernelRun& run) {
      const Buffer<float> gradients(values);
      const double norm = norm_of(run, gradients);
      EXPECT_NEAR(norm, std::sqrt(squares), kSummedInFloat * 0x1p-24 * std::sqrt(squares)) << run.name;
      same.at_one_block_size(run, "norm", std::as_bytes(std::span(&norm, 1)));
    });
  }
}

TEST(GradientNormTest, IsNotFiniteWhereverOneElementIsNot) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const std::size_t n : {std::size_t{1}, std::size_t{13}, std::size_t{8200}, std::size_t{16389}}) {
    for (const std::size_t at : {std::size_t{0}, n / 2, n - 1}) {
      for (const float bad : {inf, -inf, nan, 1e20F}) {
        for_each_run([&](const KernelRun& run) {
          Buffer<float> gradients(std::vector<double>(n, 0.5));
          gradients[at] = bad;
          EXPECT_FALSE(std::isfinite(norm_of(run, gradients))) << bad << " at " << at << " of " << n;
        });
      }
    }
  }
}

TEST(GradientNormTest, StaysFiniteForLargeGradients) {
  for_each_run([](const KernelRun& run) {
    const Buffer<float> gradients(std::vector<double>(20000, 0x1p55));
    EXPECT_NEAR(norm_of(run, gradients) / (0x1p55 * std::sqrt(20000)), 1, 1e-4) << run.name;
  });
}

}  // namespace
}  // namespace posecu
