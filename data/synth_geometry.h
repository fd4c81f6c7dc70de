// Points and rotations in space, for data/synth.h. Right-handed, in metres; angles in degrees.
#pragma once

#include <cmath>
#include <numbers>

namespace posecu {

struct Vec3 {
  double x = 0, y = 0, z = 0;
};

inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec3 operator*(double s, Vec3 a) { return {s * a.x, s * a.y, s * a.z}; }
inline double dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 cross(Vec3 a, Vec3 b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }
inline double length(Vec3 a) { return std::sqrt(dot(a, a)); }
inline Vec3 mix(Vec3 a, Vec3 b, double t) { return a + t * (b - a); }

// `otherwise` for a vector without direction.
inline Vec3 direction(Vec3 a, Vec3 otherwise = {0, 1, 0}) {
  const double n = length(a);
  return n > 1e-12 ? (1 / n) * a : otherwise;
}

// A rotation: where the axes go.
struct Rotation {
  Vec3 x{1, 0, 0}, y{0, 1, 0}, z{0, 0, 1};
};

inline Vec3 operator*(const Rotation& r, Vec3 a) { return a.x * r.x + a.y * r.y + a.z * r.z; }
inline Rotation operator*(const Rotation& r, const Rotation& s) { return {r * s.x, r * s.y, r * s.z}; }

inline double radians(double degrees) { return degrees * (std::numbers::pi / 180); }

inline Rotation about_x(double degrees) {
  const double c = std::cos(radians(degrees)), s = std::sin(radians(degrees));
  return {{1, 0, 0}, {0, c, s}, {0, -s, c}};
}
inline Rotation about_y(double degrees) {
  const double c = std::cos(radians(degrees)), s = std::sin(radians(degrees));
  return {{c, 0, -s}, {0, 1, 0}, {s, 0, c}};
}
inline Rotation about_z(double degrees) {
  const double c = std::cos(radians(degrees)), s = std::sin(radians(degrees));
  return {{c, s, 0}, {-s, c, 0}, {0, 0, 1}};
}

// The rotation with the given y axis whose z axis is as near to `forward` as can be.
inline Rotation facing(Vec3 up, Vec3 forward) {
  const Vec3 y = direction(up);
  const Vec3 x = direction(cross(y, forward), direction(cross(y, {0.3, 0.1, 1})));
  return {x, y, cross(x, y)};
}

}  // namespace posecu
