// Bilinear resize against the double reference, and the reference against finite differences.
#include "kernels/resize.h"

#include "kernel_test.h"
#include "tests/reference/differences.h"
#include "tests/reference/resize.h"

namespace posecu {
namespace {

using reference::Map;
using reference::Values;

// Enlarging, the identity, shrinking, single pixels, primes, tails of every vector width.
const std::vector<ResizeShape> kResizeShapes = {
    {1, 1, 1, 1, 1, 1},   {2, 8, 4, 6, 8, 12},   {1, 17, 3, 5, 7, 11}, {1, 16, 7, 9, 28, 36},
    {2, 3, 5, 4, 5, 4},   {1, 24, 8, 8, 4, 4},   {1, 5, 13, 7, 3, 2},  {1, 8, 1, 9, 4, 1},
    {1, 40, 2, 2, 19, 3}, {1, 12, 32, 32, 1, 1}, {1, 33, 16, 1, 3, 5}, {1, 8, 5, 3, 100, 1},
};

std::string text(const ResizeShape& s) {
  return ::testing::PrintToString(std::vector<int>{s.pictures, s.height, s.width, s.channels, s.to_height, s.to_width});
}

template <class T>
Map draw_map(std::string_view name, int pictures, int height, int width, int channels) {
  Map map(pictures, height, width, channels);
  map.values = draw<T>(name, 1, map.values.size(), -1, 1);
  return map;
}

// The sum of the weights' absolute values, times the largest value, 1. Places carry an error of a few 2^-24 of the
// place itself (up to 100 pixels), which moves weights by as much.
Values forward_errors(const Map& y, const ResizeShape& s) {
  return Values(y.values.size(), 8.0 + 4 * (s.height + s.width));
}
Values backward_errors(const Map& dx, const ResizeShape& s) {
  const double readers = (2.0 * s.to_height / s.height + 2) * (2.0 * s.to_width / s.width + 2);
  return Values(dx.values.size(), readers * (readers + 4 * (s.height + s.width)));
}

template <class T>
class ResizeTest : public ::testing::Test {};
using Types = ::testing::Types<float, bfloat16, float16>;
TYPED_TEST_SUITE(ResizeTest, Types);

TYPED_TEST(ResizeTest, ForwardEqualsReference) {
  using T = TypeParam;
  for (const ResizeShape& s : kResizeShapes) {
    SCOPED_TRACE(text(s));
    const Map x = draw_map<T>("x", s.pictures, s.height, s.width, s.channels);
    const Map expected = resize_bilinear(x, s.to_height, s.to_width);
    SameBits same;
    for_each_run([&](const KernelRun& run) {
      const Buffer<T> in(x.values);
      Buffer<T> y(expected.values.size());
      resize_bilinear_forward<T>(run.stream, y.data(), in.data(), s, run.options);
      expect_close("y", y, expected.values, forward_errors(expected, s), 1);
      same.everywhere(run, "y", y.bytes());
    });
  }
}

TYPED_TEST(ResizeTest, BackwardEqualsReference) {
  using T = TypeParam;
  for (const ResizeShape& s : kResizeShapes) {
    SCOPED_TRACE(text(s));
    const Map gradient = draw_map<T>("dy", s.pictures, s.to_height, s.to_width, s.channels);
    const Map expected = resize_bilinear_gradient(gradient, s.height, s.width);
    SameBits same;
    for_each_run([&](const KernelRun& run) {
      const Buffer<T> dy(gradient.values);
      Buffer<T> dx(expected.values.size());
      resize_bilinear_backward<T>(run.stream, dx.data(), dy.data(), s, run.options);
      expect_close("dx", dx, expected.values, backward_errors(expected, s), 1);
      same.everywhere(run, "dx", dx.bytes());
    });
  }
}

TEST(ResizeTest, KeepsAPictureOfItsOwnSize) {
  const Map x = draw_map<float>("x", 1, 7, 5, 8);
  const Buffer<float> in(x.values);
  for_each_run([&](const KernelRun& run) {
    Buffer<float> y(x.values.size());
    resize_bilinear_forward<float>(run.stream, y.data(), in.data(), {1, 8, 7, 5, 7, 5}, run.options);
    EXPECT_EQ(y.values(), x.values);
  });
}

TEST(ResizeReferenceTest, GradientsEqualFiniteDifferences) {
  Random random(1, 0, 0, RandomPurpose::test);
  for (int shape = 0; shape < 60; ++shape) {
    const int h = 1 + random.below(5), w = 1 + random.below(5), to_h = 1 + random.below(8), to_w = 1 + random.below(8);
    SCOPED_TRACE(::testing::Message() << h << 'x' << w << " to " << to_h << 'x' << to_w);
    Map x = draw_map<float>("x", 1, h, w, 2);
    const Map dy = draw_map<float>("dy", 1, to_h, to_w, 2);
    const auto loss = [&] { return reference::dot(dy.values, resize_bilinear(x, to_h, to_w).values); };
    // Linear: the step has no error of its own.
    reference::expect_gradient("x", x.values, resize_bilinear_gradient(dy, h, w).values, loss, 0.5, 1e-12);
  }
}

}  // namespace
}  // namespace posecu
