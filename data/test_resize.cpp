#include "data/test_resize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "data/warp.h"

namespace posecu {
namespace {

constexpr int kMultiple = 64;
constexpr double kUnit = 200;  // official scales are in 200 pixels

}  // namespace

TestGeometry test_geometry(int width, int height, int input_size, const std::string& name) {
  const int size = (input_size + kMultiple - 1) / kMultiple * kMultiple;
  const int shorter = std::min(width, height), longer = std::max(width, height);
  const double rounded_up = std::ceil(static_cast<double>(size) / shorter * longer / kMultiple) * kMultiple;
  if (rounded_up * size > static_cast<double>(kMaxPicturePixels))
    throw InputError(
        name, "", fmt::format("{} x {} pixels are too narrow to resize to {} on the short side", width, height, size));
  const int other = static_cast<int>(rounded_up);
  const double short_scale = shorter / kUnit, long_scale = rounded_up / size * shorter / kUnit;
  TestGeometry geometry;
  geometry.centre = {std::nearbyint(width / 2.0), std::nearbyint(height / 2.0)};
  if (width < height) {
    geometry.base = {size, other};
    geometry.scale = {short_scale, long_scale};
  } else {
    geometry.base = {other, size};
    geometry.scale = {long_scale, short_scale};
  }
  return geometry;
}

Size scaled_size(const TestGeometry& geometry, double factor) {
  return {std::max(static_cast<int>(geometry.base.width * factor), 1),
          std::max(static_cast<int>(geometry.base.height * factor), 1)};
}

Affine test_map(const TestGeometry& geometry, double factor) {
  const Size size = scaled_size(geometry, factor);
  return official_map(geometry.centre, geometry.scale.x * kUnit, 0, size.width, size.height);
}

Picture test_resize(const Stream& stream, const Picture& picture, const TestGeometry& geometry, double factor) {
  const Size size = scaled_size(geometry, factor);
  return warp(stream, picture, test_map(geometry, factor), size.width, size.height);
}

}  // namespace posecu
