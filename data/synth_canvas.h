// A small rasteriser with a depth buffer, for data/synth.h: surfaces seen from afar, lit at their vertices.
#pragma once

#include <cstdint>
#include <vector>

#include "data/synth_surface.h"

namespace posecu {

// How a body's own frame is seen: turned, then scaled without perspective. In the picture x is right and y down; in
// space y is up and z is towards the viewer.
struct Placement {
  Rotation view;
  double x = 0, y = 0;  // where the frame's origin is seen, pixels
  double scale = 1;     // pixels a metre
  double nearness = 0;  // of the origin: minus its distance, metres
};

struct SeenPoint {
  double x, y;      // pixels
  double nearness;  // metres
};

inline SeenPoint see(const Placement& placement, Vec3 point) {
  const Vec3 p = placement.view * point;
  return {placement.x + placement.scale * p.x, placement.y - placement.scale * p.y, placement.nearness + p.z};
}

struct Lighting {
  Vec3 from{0.3, 0.8, 0.5};  // direction to the light, as seen
  double ambient = 0.5, direct = 0.6;
};

struct Corner {
  float x = 0, y = 0, nearness = 0, light = 0;
  TexturePoint texture{};
};

// A surface's points as they are seen, lit: [rows,columns]. A triangle is drawn where its corners turn as `turn` says
// (the sign of cross(b - a, c - a) in the picture): the other side is the surface's inside.
struct SeenSurface {
  int rows = 0, columns = 0;
  std::vector<Corner> corners;
  float turn = 1;
};
SeenSurface see(const Placement& placement, const Surface& surface, const Lighting& lighting);

class Canvas {
 public:
  static constexpr int kSamples = 2;  // a pixel's side

  Canvas(int width, int height);  // of the picture

  void clear();
  void draw(const SeenSurface& surface, const Material& material, std::uint8_t owner);

  int columns() const { return columns_; }  // of samples
  int rows() const { return rows_; }
  std::uint8_t owner(int column, int row) const { return owner_[index(column, row)]; }
  float nearness(int column, int row) const { return nearness_[index(column, row)]; }
  std::uint32_t colour(int column, int row) const { return colour_[index(column, row)]; }  // 0xBBGGRR

  static constexpr float kNothing = -1e30f;  // nearness where nothing was drawn

 private:
  std::size_t index(int column, int row) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) + static_cast<std::size_t>(column);
  }
  void triangle(const Corner& a, const Corner& b, const Corner& c, const Material& material, std::uint8_t owner);

  int columns_, rows_;
  std::vector<float> nearness_;
  std::vector<std::uint32_t> colour_;
  std::vector<std::uint8_t> owner_;
};

}  // namespace posecu
