// What synthetic people and things are made of: closed or open sheets of points with a material, tubes above all.
#pragma once

#include <span>
#include <vector>

#include "data/synth_geometry.h"
#include "data/synth_material.h"

namespace posecu {

// A grid of points, metres. `texture` is what the material's colour depends on; for tubes: x, turns around (0 is the
// ring's `across`, a quarter its `ahead`); y, metres along; z, the ring's mark.
struct Surface {
  int rows = 0, columns = 0;
  std::vector<Vec3> points, texture;  // [rows,columns]
  Material material;
  bool round = true;  // the last column is the first one again

  std::size_t index(int row, int column) const { return static_cast<std::size_t>(row * columns + column); }
  Vec3 point(int row, int column) const { return points[index(row, column)]; }
  Vec3 middle(int row) const;  // of a row of a round surface
};

// An ellipse: centre + cos(angle) across + sin(angle) ahead. A surface's outside is seen from where rings follow each
// other in the direction of cross(across, ahead).
struct Ring {
  Vec3 centre, across, ahead;
  double along = 0, mark = 0;  // for the texture
};

// `sides` is how many flat pieces go around. Ends stay open: a ring of no size closes them.
Surface tube(std::span<const Ring> rings, int sides, const Material& material);

// A cross-section of a limb: where between its ends (0 .. 1; outside for round ends), half its width and depth, and
// how far it lies before the axis; metres.
struct Section {
  double at, width, depth, before = 0;
};

// A limb that hangs from `from` to `to`, in a frame whose y axis points back to `from`; `x` is its width.
Surface limb(Vec3 from, Vec3 to, const Rotation& frame, std::span<const Section> sections, int sides,
             const Material& material);

Surface ellipsoid(Vec3 centre, const Rotation& frame, Vec3 radii, int sides, const Material& material);

// Six faces; `radii` are half its sizes.
std::vector<Surface> box(Vec3 centre, const Rotation& frame, Vec3 radii, const Material& material);

// Moves the points of a tube outward and inward by up to `amount`, as folds of cloth; its ends stay.
void crumple(Surface& surface, double amount, double phase);

}  // namespace posecu
