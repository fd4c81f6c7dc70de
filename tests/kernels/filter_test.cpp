// Filters are moved, scaled and rounded, no more: the reference is an index.
#include "kernels/filter.h"

#include "kernel_test.h"

namespace posecu {
namespace {

template <class T>
class FilterTest : public ::testing::Test {};
using Types = ::testing::Types<float, bfloat16, float16>;
TYPED_TEST_SUITE(FilterTest, Types);

using Values = std::vector<double>;

// Input channels below, at and above a block's; one tap, and 2x2 to 4x4.
const std::vector<FilterShape> kFilterShapes = {{1, 1, 1},   {3, 2, 9},   {17, 32, 1}, {64, 3, 9}, {5, 49, 16},
                                                {2, 128, 9}, {3, 129, 4}, {2, 300, 9}, {31, 7, 1}, {1, 257, 1}};

std::size_t elements(FilterShape shape) {
  return static_cast<std::size_t>(shape.out) * static_cast<std::size_t>(shape.in * shape.taps);
}

// Where weight [out,in,taps] `i` is in [out,taps,in].
std::size_t packed_place(FilterShape shape, std::size_t i) {
  const auto in = static_cast<std::size_t>(shape.in), taps = static_cast<std::size_t>(shape.taps);
  return i / (in * taps) * (in * taps) + i % taps * in + i / taps % in;
}

TYPED_TEST(FilterTest, PacksAndScales) {
  using T = TypeParam;
  for (const FilterShape shape : kFilterShapes) {
    SCOPED_TRACE(testing::Message() << shape.out << " of " << shape.in << " x " << shape.taps);
    const std::size_t n = elements(shape), filter = n / static_cast<std::size_t>(shape.out);
    const Values weight = draw<float>("weight", n, n, -2, 2),
                 scale = draw<float>("scale", n, static_cast<std::size_t>(shape.out), -2, 2);
    Values scaled(n), plain(n), magnitude(n);
    for (std::size_t i = 0; i < n; ++i) {
      plain[packed_place(shape, i)] = weight[i];
      scaled[packed_place(shape, i)] = weight[i] * scale[i / filter];
      magnitude[packed_place(shape, i)] = std::abs(weight[i] * scale[i / filter]);
    }
    SameBits same;
    for_each_run([&](const KernelRun& run) {
      const Buffer<float> bweight(weight), bscale(scale);
      Buffer<T> packed(n);
      pack_filter<T>(run.stream, packed.data(), bweight.data(), nullptr, shape, run.options);
      expect_close("packed", packed, plain, Values(n, 0), 0);
      pack_filter<T>(run.stream, packed.data(), bweight.data(), bscale.data(), shape, run.options);
      expect_close("scaled", packed, scaled, magnitude, 1);
      same.everywhere(run, "scaled", packed.bytes());
    });
  }
}

TYPED_TEST(FilterTest, AddsGradientsToTheirParameters) {
  using T = TypeParam;
  for (const FilterShape shape : kFilterShapes) {
    SCOPED_TRACE(testing::Message() << shape.out << " of " << shape.in << " x " << shape.taps);
    const std::size_t n = elements(shape);
    const Values gradient = draw<T>("gradient", n, n, -2, 2), before = draw<float>("before", n, n, -9, 9);
    Values expected, magnitude;
    for (std::size_t i = 0; i < n; ++i) {
      expected.push_back(before[i] + gradient[packed_place(shape, i)]);
      magnitude.push_back(std::abs(before[i]) + std::abs(gradient[packed_place(shape, i)]));
    }
    SameBits same;
    for_each_run([&](const KernelRun& run) {
      const Buffer<T> packed(gradient);
      Buffer<float> dweight(before);
      accumulate_filter_gradient<T>(run.stream, dweight.data(), packed.data(), shape, run.options);
      expect_close("dweight", dweight, expected, magnitude, 1);
      same.everywhere(run, "dweight", dweight.bytes());
    });
  }
}

}  // namespace
}  // namespace posecu
