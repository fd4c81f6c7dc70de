#include "data/synth_canvas.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace posecu {
namespace {

// Perpendicular to the grid at a point; at a ring without size along the tube. Not yet turned outward.
Vec3 normal_at(const Surface& s, int row, int column) {
  const int last = s.columns - 1;
  const int left = column > 0 ? column - 1 : s.round ? last - 1 : 0;
  const int right = column < last ? column + 1 : s.round ? 1 : last;
  const int above = std::max(row - 1, 0), below = std::min(row + 1, s.rows - 1);
  return cross(s.point(row, right) - s.point(row, left), s.point(below, column) - s.point(above, column));
}

// All normals, pointing outward. A sheet's outside is where its columns turn against its rows.
struct Normals {
  std::vector<Vec3> list;
  double sign;  // of the grid's own orientation
};
Normals normals_of(const Surface& surface) {
  Normals normals{{}, -1};
  double outward = 0;
  for (int row = 0; row < surface.rows; ++row) {
    const Vec3 middle = surface.round ? surface.middle(row) : Vec3{};
    for (int column = 0; column < surface.columns; ++column) {
      normals.list.push_back(normal_at(surface, row, column));
      if (surface.round) outward += dot(normals.list.back(), surface.point(row, column) - middle);
    }
  }
  if (surface.round && outward > 0) normals.sign = 1;
  for (std::size_t i = 0; i < normals.list.size(); ++i) {
    Vec3& normal = normals.list[i];
    normal = normals.sign * normal;
    if (dot(normal, normal) > 1e-18) continue;
    const int row = static_cast<int>(i) / surface.columns;  // a ring of no size: along the tube
    normal = surface.points[i] - surface.middle(row < surface.rows / 2 ? row + 1 : row - 1);
  }
  return normals;
}

double brightness(const Lighting& lighting, Vec3 normal) {
  const double toward_light = std::max(0.0, (dot(normal, lighting.from) + 0.2) / 1.2);
  const double from_sky = 0.72 + 0.28 * normal.y;
  return (lighting.ambient * from_sky + lighting.direct * toward_light) * (0.78 + 0.22 * std::max(normal.z, 0.0));
}

std::uint32_t packed(Rgb c, float light) {
  const auto byte = [light](float value) { return static_cast<std::uint32_t>(std::min(value * light, 255.0f) + 0.5f); };
  return byte(c.r) | byte(c.g) << 8 | byte(c.b) << 16;
}

// A value that is linear over the picture.
struct Plane {
  float at_origin, a_column, a_row;

  float at(float x, float y) const { return at_origin + a_column * x + a_row * y; }
};

// Planes through values at a triangle's corners; coordinates relative to the first corner keep them exact.
class Planes {
 public:
  Planes(const Corner& a, const Corner& b, const Corner& c, float area)
      : x1_(b.x - a.x), y1_(b.y - a.y), x2_(c.x - a.x), y2_(c.y - a.y), inverse_(1 / area) {}

  Plane through(float a, float b, float c) const {
    const float d1 = b - a, d2 = c - a;
    return {a, (d1 * y2_ - d2 * y1_) * inverse_, (d2 * x1_ - d1 * x2_) * inverse_};
  }

 private:
  float x1_, y1_, x2_, y2_, inverse_;
};

// The inside of an edge: a x + b y + c >= 0, relative to the triangle's first corner.
struct Edge {
  float a, b, c;
};

Edge edge(const Corner& from, const Corner& to, const Corner& origin) {
  const float a = from.y - to.y, b = to.x - from.x;
  return {a, b, -a * (from.x - origin.x) - b * (from.y - origin.y)};
}

}  // namespace

SeenSurface see(const Placement& placement, const Surface& surface, const Lighting& lighting) {
  const Normals normals = normals_of(surface);
  SeenSurface seen{surface.rows, surface.columns, {}, static_cast<float>(normals.sign)};
  seen.corners.reserve(surface.points.size());
  for (std::size_t i = 0; i < surface.points.size(); ++i) {
    const SeenPoint p = see(placement, surface.points[i]);
    const double light = brightness(lighting, placement.view * direction(normals.list[i]));
    const auto [u, v, w] = surface.texture[i];
    seen.corners.push_back({static_cast<float>(Canvas::kSamples * p.x),
                            static_cast<float>(Canvas::kSamples * p.y),
                            static_cast<float>(p.nearness),
                            static_cast<float>(light),
                            {static_cast<float>(u), static_cast<float>(v), static_cast<float>(w)}});
  }
  return seen;
}

Canvas::Canvas(int width, int height) : columns_(kSamples * width), rows_(kSamples * height) {
  const std::size_t samples = static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_);
  nearness_.resize(samples), colour_.resize(samples), owner_.resize(samples);
  clear();
}

void Canvas::clear() {
  std::ranges::fill(nearness_, kNothing);
  std::ranges::fill(owner_, std::uint8_t{0});
}

void Canvas::draw(const SeenSurface& surface, const Material& material, std::uint8_t owner) {
  for (int row = 0; row + 1 < surface.rows; ++row)
    for (int column = 0; column + 1 < surface.columns; ++column) {
      const Corner* a = &surface.corners[static_cast<std::size_t>(row * surface.columns + column)];
      const Corner* c = a + surface.columns;
      const auto turns = [&](const Corner& p, const Corner& q, const Corner& r) {
        return surface.turn * ((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x)) < 0;
      };
      if (turns(a[0], a[1], c[0])) triangle(a[0], a[1], c[0], material, owner);
      if (turns(a[1], c[1], c[0])) triangle(a[1], c[1], c[0], material, owner);
    }
}

void Canvas::triangle(const Corner& a, const Corner& b, const Corner& c, const Material& material, std::uint8_t owner) {
  // Samples lie at the middles of the cells.
  const auto first = [](float v) { return static_cast<int>(std::ceil(v - 0.5f)); };
  const int top = std::max(first(std::min({a.y, b.y, c.y})), 0);
  const int bottom = std::min(first(std::max({a.y, b.y, c.y})), rows_);
  const int left = std::max(first(std::min({a.x, b.x, c.x})), 0);
  const int right = std::min(first(std::max({a.x, b.x, c.x})), columns_);
  if (top >= bottom || left >= right) return;
  const float area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
  const float sign = area < 0 ? -1.0f : 1.0f;
  std::array<Edge, 3> edges{edge(a, b, a), edge(b, c, a), edge(c, a, a)};
  for (Edge& e : edges) e = {sign * e.a, sign * e.b, sign * e.c};
  const Planes planes(a, b, c, area);
  const Plane near = planes.through(a.nearness, b.nearness, c.nearness);
  const Plane light = planes.through(a.light, b.light, c.light);
  const Plane u = planes.through(a.texture.u, b.texture.u, c.texture.u);
  const Plane v = planes.through(a.texture.v, b.texture.v, c.texture.v);
  const Plane w = planes.through(a.texture.w, b.texture.w, c.texture.w);
  for (int row = top; row < bottom; ++row) {
    const float y = static_cast<float>(row) + 0.5f - a.y;
    float from = static_cast<float>(left) + 0.5f - a.x, to = static_cast<float>(right) - 0.5f - a.x;
    for (const Edge& e : edges) {
      const float rest = e.b * y + e.c;
      if (e.a > 0) from = std::max(from, -rest / e.a);
      if (e.a < 0) to = std::min(to, -rest / e.a);
      if (e.a == 0 && rest < 0) to = from - 1;
    }
    const int end = std::min(static_cast<int>(std::floor(to + a.x - 0.5f)), right - 1);
    for (int column = std::max(first(from + a.x), left); column <= end; ++column) {
      const float x = static_cast<float>(column) + 0.5f - a.x;
      const std::size_t i = index(column, row);
      const float nearness = near.at(x, y);
      if (nearness <= nearness_[i]) continue;
      nearness_[i] = nearness;
      owner_[i] = owner;
      colour_[i] = packed(colour_at(material, {u.at(x, y), v.at(x, y), w.at(x, y)}), std::max(light.at(x, y), 0.0f));
    }
  }
}

}  // namespace posecu
