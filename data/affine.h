// Affine maps of the plane, and the one between a picture and a network's input that the official code uses.
#pragma once

#include <array>

namespace posecu {

struct Point {
  double x = 0, y = 0;
};

struct Affine {
  std::array<double, 6> m{1, 0, 0, 0, 1, 0};  // x' = m0 x + m1 y + m2, y' = m3 x + m4 y + m5

  Point operator()(Point p) const { return {m[0] * p.x + m[1] * p.y + m[2], m[3] * p.x + m[4] * p.y + m[5]}; }
};

inline constexpr double kScaleUnit = 200;  // official scales of regions are in 200 pixels

// As OpenCV's warpAffine inverts; a singular map becomes one whose linear part is 0.
Affine inverse(const Affine& map);

// The map that takes three points to three others, solved as OpenCV's getAffineTransform solves.
Affine affine_from_points(const std::array<Point, 3>& from, const std::array<Point, 3>& to);

// The official map of the region around `centre` onto width x height pixels. The region's width is `scale_px` (in
// picture pixels), turned by `rotation_deg`; its points are rounded to float as the official arrays are.
Affine official_map(Point centre, double scale_px, double rotation_deg, int width, int height);

}  // namespace posecu
