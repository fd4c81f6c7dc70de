#include "pose/draw.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <ranges>
#include <vector>

namespace posecu {
namespace {

struct Point {
  double x, y;  // pixels; the centre of the first pixel is (0.5, 0.5)
};

double distance(Point p, Point a, Point b) {  // of p to the line from a to b
  const double dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
  const double along = length2 == 0 ? 0 : std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length2, 0.0, 1.0);
  return std::hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

struct Brush {
  Skeleton::Colour colour;
  double radius;   // pixels
  double opacity;  // 0 .. 1
};

void blend(std::uint8_t* pixel, const Brush& brush, double coverage) {
  const double weight = brush.opacity * coverage;
  for (std::size_t c = 0; c < 3; ++c)
    pixel[c] = static_cast<std::uint8_t>(std::lround(pixel[c] + (brush.colour[c] - pixel[c]) * weight));
}

// A line with round ends; a dot where both ends are the same. A pixel is covered as far as the edge has passed its
// centre: smooth over one pixel.
void draw_line(Picture& picture, Point a, Point b, const Brush& brush) {
  const double reach = brush.radius + 0.5;
  const auto range = [reach](double low, double high, int size) {
    const auto within = [size](double v) { return static_cast<int>(std::clamp(v, 0.0, static_cast<double>(size))); };
    return std::pair(within(std::floor(low - reach)), within(std::ceil(high + reach)));
  };
  const auto [left, right] = range(std::min(a.x, b.x), std::max(a.x, b.x), picture.width);
  const auto [top, bottom] = range(std::min(a.y, b.y), std::max(a.y, b.y), picture.height);
  for (int y = top; y < bottom; ++y)
    for (int x = left; x < right; ++x)
      if (const double coverage = reach - distance({x + 0.5, y + 0.5}, a, b); coverage > 0)
        blend(picture.row(y) + Picture::channels * x, brush, std::min(coverage, 1.0));
}

using Shown = std::vector<std::optional<Point>>;  // [K]

Shown shown_keypoints(const Person& person, const DrawOptions& options) {
  Shown shown;
  for (const Keypoint& k : person.keypoints) {
    const bool hidden = static_cast<double>(k.score) < options.min_score || !(k.score > 0) ||
                        (k.refined && options.refined == DrawOptions::Refined::hide) || !std::isfinite(k.x) ||
                        !std::isfinite(k.y);
    shown.push_back(hidden ? std::nullopt : std::optional(Point{static_cast<double>(k.x), static_cast<double>(k.y)}));
  }
  return shown;
}

// Half the thickness of a person's lines.
double line_radius(const Shown& shown, const Picture& picture) {
  double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
  for (const auto& point : shown) {
    if (!point) continue;
    left = std::min(left, point->x), right = std::max(right, point->x);
    top = std::min(top, point->y), bottom = std::max(bottom, point->y);
  }
  const double extent = std::hypot(right - left, bottom - top);
  const double thickest = std::max(std::min(picture.width, picture.height) / 240.0, 0.8);
  return std::clamp(extent / 110, 0.8, thickest);
}

void draw_person(Picture& picture, const Skeleton& skeleton, const Shown& shown) {
  if (std::ranges::none_of(shown, [](const auto& point) { return point.has_value(); })) return;
  const double radius = line_radius(shown, picture), rim = std::max(radius * 0.4, 0.6);
  const auto at = [](const auto& list, int k) -> const auto& { return list[static_cast<std::size_t>(k)]; };
  const auto draw_limbs = [&](double wider, std::optional<Skeleton::Colour> colour, double opacity) {
    for (const auto& [a, b] : skeleton.edges)
      if (at(shown, a) && at(shown, b))
        draw_line(picture, *at(shown, a), *at(shown, b),
                  {colour.value_or(at(skeleton.colours, b)), radius + wider, opacity});
  };
  constexpr Skeleton::Colour kDark{20, 20, 20}, kLight{255, 255, 255};
  draw_limbs(rim, kDark, 0.45);
  draw_limbs(0, std::nullopt, 1);
  for (std::size_t k = 0; k < shown.size(); ++k) {
    if (!shown[k]) continue;
    draw_line(picture, *shown[k], *shown[k], {kDark, 1.75 * radius + rim, 0.45});
    draw_line(picture, *shown[k], *shown[k], {kLight, 1.75 * radius, 1});
    draw_line(picture, *shown[k], *shown[k], {skeleton.colours[k], 1.25 * radius, 1});
  }
}

}  // namespace

void draw_people(Picture& picture, const Skeleton& skeleton, std::span<const Person> people,
                 const DrawOptions& options) {
  for (const Person& person : people | std::views::reverse)
    draw_person(picture, skeleton, shown_keypoints(person, options));
}

}  // namespace posecu
