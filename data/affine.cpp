#include "data/affine.h"

#include <cmath>
#include <numbers>
#include <utility>

namespace posecu {
namespace {

// Gaussian elimination with row pivots, one right side. The order of operations is that of OpenCV's LU, to the last
// bit: rows above are added times -1/pivot, and the unknowns follow from the last one back.
std::array<double, 6> solve(std::array<std::array<double, 6>, 6> a, std::array<double, 6> b) {
  constexpr std::size_t n = 6;
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t pivot = i;
    for (std::size_t j = i + 1; j < n; ++j)
      if (std::abs(a[j][i]) > std::abs(a[pivot][i])) pivot = j;
    std::swap(a[i], a[pivot]);
    std::swap(b[i], b[pivot]);
    const double d = -1 / a[i][i];
    for (std::size_t j = i + 1; j < n; ++j) {
      const double alpha = a[j][i] * d;
      for (std::size_t k = i + 1; k < n; ++k) a[j][k] += alpha * a[i][k];
      b[j] += alpha * b[i];
    }
  }
  for (std::size_t i = n; i-- > 0;) {
    double sum = b[i];
    for (std::size_t k = i + 1; k < n; ++k) sum -= a[i][k] * b[k];
    b[i] = sum / a[i][i];
  }
  return b;
}

Point as_float(Point p) { return {static_cast<float>(p.x), static_cast<float>(p.y)}; }

// b plus (a - b) turned by 90 degrees, in float.
Point third_point(Point a, Point b) {
  const auto dx = static_cast<float>(a.x) - static_cast<float>(b.x);
  const auto dy = static_cast<float>(a.y) - static_cast<float>(b.y);
  return {static_cast<float>(b.x) + -dy, static_cast<float>(b.y) + dx};
}

}  // namespace

Affine inverse(const Affine& map) {
  const auto& m = map.m;
  const double determinant = m[0] * m[4] - m[1] * m[3];
  const double d = determinant != 0 ? 1 / determinant : 0;
  Affine result;
  auto& r = result.m;
  r[0] = m[4] * d;
  r[4] = m[0] * d;
  r[1] = m[1] * -d;
  r[3] = m[3] * -d;
  r[2] = -r[0] * m[2] - r[1] * m[5];
  r[5] = -r[3] * m[2] - r[4] * m[5];
  return result;
}

Affine affine_from_points(const std::array<Point, 3>& from, const std::array<Point, 3>& to) {
  std::array<std::array<double, 6>, 6> a{};
  std::array<double, 6> b{};
  for (std::size_t i = 0; i < 3; ++i) {
    a[2 * i] = {from[i].x, from[i].y, 1, 0, 0, 0};
    a[2 * i + 1] = {0, 0, 0, from[i].x, from[i].y, 1};
    b[2 * i] = to[i].x;
    b[2 * i + 1] = to[i].y;
  }
  return {solve(a, b)};
}

Affine official_map(Point centre, double scale_px, double rotation_deg, int width, int height) {
  const double angle = std::numbers::pi * rotation_deg / 180;
  const double up = scale_px * -0.5;  // from the centre to the region's upper edge
  const std::array<Point, 2> from{
      as_float(centre), as_float({centre.x + (0 - up * std::sin(angle)), centre.y + (0 + up * std::cos(angle))})};
  const std::array<Point, 2> to{as_float({width * 0.5, height * 0.5}),
                                as_float({width * 0.5, height * 0.5 + width * -0.5})};
  return affine_from_points({from[0], from[1], third_point(from[0], from[1])},
                            {to[0], to[1], third_point(to[0], to[1])});
}

}  // namespace posecu
