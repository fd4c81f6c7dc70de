#include "data/synth_surface.h"

#include <algorithm>

namespace posecu {
namespace {

// Where along a round thing rings are, from pole to pole.
constexpr int kBallRings = 9;

struct Turn {
  double cosine, sine;
};

// Of `sides` equal angles, and the first one again.
std::vector<Turn> turns(int sides) {
  std::vector<Turn> circle;
  for (int side = 0; side < sides; ++side) {
    const double angle = 2 * std::numbers::pi * side / sides;
    circle.push_back({std::cos(angle), std::sin(angle)});
  }
  circle.push_back(circle.front());
  return circle;
}

}  // namespace

Vec3 Surface::middle(int row) const {
  Vec3 sum;
  for (int column = 0; column + 1 < columns; ++column) sum = sum + point(row, column);
  return (1.0 / (columns - 1)) * sum;
}

Surface tube(std::span<const Ring> rings, int sides, const Material& material) {
  Surface surface;
  surface.rows = static_cast<int>(rings.size());
  surface.columns = sides + 1;  // the last one is the first again, one turn on
  surface.material = material;
  const std::vector<Turn> circle = turns(sides);
  const std::size_t points = rings.size() * circle.size();
  surface.points.reserve(points), surface.texture.reserve(points);
  for (const Ring& ring : rings)
    for (int side = 0; side <= sides; ++side) {
      const auto [c, s] = circle[static_cast<std::size_t>(side)];
      surface.points.push_back(ring.centre + c * ring.across + s * ring.ahead);
      surface.texture.push_back({static_cast<double>(side) / sides, ring.along, ring.mark});
    }
  return surface;
}

Surface limb(Vec3 from, Vec3 to, const Rotation& frame, std::span<const Section> sections, int sides,
             const Material& material) {
  std::vector<Ring> rings;
  const double size = length(to - from);
  for (const Section& s : sections)
    rings.push_back({mix(from, to, s.at) + s.before * frame.z, s.width * frame.x, s.depth * frame.z, s.at * size});
  return tube(rings, sides, material);
}

Surface ellipsoid(Vec3 centre, const Rotation& frame, Vec3 radii, int sides, const Material& material) {
  std::vector<Ring> rings;
  for (int i = 0; i <= kBallRings; ++i) {
    const double angle = radians(180.0 * i / kBallRings), c = std::cos(angle), s = std::sin(angle);
    rings.push_back({centre + radii.y * c * frame.y, radii.x * s * frame.x, radii.z * s * frame.z, -radii.y * c, 0});
  }
  return tube(rings, sides, material);
}

std::vector<Surface> box(Vec3 centre, const Rotation& frame, Vec3 radii, const Material& material) {
  const Vec3 x = radii.x * frame.x, y = radii.y * frame.y, z = radii.z * frame.z;
  struct Side {
    Vec3 normal, right, up;
    double width, height;
  };
  const Side sides[] = {{z, x, y, radii.x, radii.y},      {-1 * z, -1 * x, y, radii.x, radii.y},
                        {x, -1 * z, y, radii.z, radii.y}, {-1 * x, z, y, radii.z, radii.y},
                        {y, x, -1 * z, radii.x, radii.z}, {-1 * y, x, z, radii.x, radii.z}};
  std::vector<Surface> faces;
  for (const auto& [normal, right, up, width, height] : sides) {
    Surface face{2, 2, {}, {}, material, false};
    for (const double v : {1.0, -1.0})
      for (const double u : {-1.0, 1.0}) {
        face.points.push_back(centre + normal + u * right + v * up);
        face.texture.push_back({u * width, v * height, 0});
      }
    faces.push_back(std::move(face));
  }
  return faces;
}

void crumple(Surface& surface, double amount, double phase) {
  const std::vector<Turn> circle = turns(surface.columns - 1);
  for (int row = 1; row + 1 < surface.rows; ++row) {
    const Vec3 middle = surface.middle(row);
    const double a = 2.7 * row + phase, b = -1.9 * row + 2 * phase;
    const double sin_a = std::sin(a), cos_a = std::cos(a), sin_b = std::sin(b), cos_b = std::cos(b);
    for (int column = 0; column < surface.columns; ++column) {
      Vec3& point = surface.points[surface.index(row, column)];
      const auto [c, s] = circle[static_cast<std::size_t>(column)];
      const double twice = 2 * s * c * cos_a + (c * c - s * s) * sin_a;                 // sin(2 angle + a)
      const double thrice = s * (3 - 4 * s * s) * cos_b + c * (4 * c * c - 3) * sin_b;  // sin(3 angle + b)
      point = point + (0.5 * amount * (twice + thrice)) * direction(point - middle, {0, 0, 0});
    }
  }
}

}  // namespace posecu
