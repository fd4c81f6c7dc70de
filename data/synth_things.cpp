// Things that stand among synthetic people.
#include <algorithm>

#include "data/synth_scene.h"

namespace posecu {
namespace {

using Surfaces = std::vector<Surface>;

constexpr int kSides = 12;

Material grained(Random& random, Rgb colour, double contrast) {
  Material m = plain(colour);
  m.pattern = Pattern::grain;
  m.colours[1] = static_cast<float>(1 - contrast) * colour;
  m.around = static_cast<float>(random.uniform(4, 14)), m.along = static_cast<float>(random.uniform(4, 14));
  m.phase = static_cast<float>(random.uniform(0, 50));
  return m;
}

Material wood(Random& random) { return grained(random, draw_hsv(random, {16, 36}, {0.25, 0.6}, {0.3, 0.75}), 0.35); }

void add(Surfaces& all, Surfaces more) {
  for (Surface& surface : more) all.push_back(std::move(surface));
}

void add_box(Surfaces& all, Vec3 centre, Vec3 radii, const Material& material) {
  add(all, box(centre, {}, radii, material));
}

// An upright round thing of two thicknesses.
Surface post(double bottom, double top, double low, double high, const Material& material, Vec3 foot = {}) {
  const auto ring = [&](double height, double r) {
    return Ring{foot + Vec3{0, height, 0}, {r, 0, 0}, {0, 0, r}, height, 0};
  };
  const Ring rings[] = {ring(top, 0), ring(top, high), ring((top + bottom) / 2, (high + low) / 2), ring(bottom, low),
                        ring(bottom, 0)};
  return tube(rings, kSides, material);
}

Surfaces crate(Random& random) {
  const double w = random.uniform(0.2, 0.6), h = random.uniform(0.2, 0.6);
  Surfaces all;
  add_box(all, {0, h, 0}, {w, h, random.uniform(0.2, 0.5)},
          random.chance(0.5) ? wood(random) : plain(draw_cloth_colour(random)));
  return all;
}

Surfaces table(Random& random) {
  const double w = random.uniform(0.4, 0.9), d = random.uniform(0.3, 0.5), h = random.uniform(0.65, 0.95);
  const Material material = wood(random);
  Surfaces all;
  add_box(all, {0, h, 0}, {w, 0.03, d}, material);
  for (const double x : {-w + 0.05, w - 0.05})
    for (const double z : {-d + 0.05, d - 0.05}) add_box(all, {x, h / 2, z}, {0.03, h / 2, 0.03}, material);
  return all;
}

Surfaces chair(Random& random) {
  const Material material = wood(random);
  Surfaces all;
  add_box(all, {0, 0.45, 0}, {0.22, 0.025, 0.22}, material);
  add_box(all, {0, 0.75, -0.2}, {0.22, 0.18, 0.02}, material);
  for (const double x : {-0.19, 0.19})
    for (const double z : {-0.19, 0.19})
      add_box(all, {x, z < 0 ? 0.4 : 0.22, z}, {0.02, z < 0 ? 0.4 : 0.22, 0.02}, material);
  return all;
}

Surfaces bush(Random& random) {
  const Material leaves = grained(random, draw_hsv(random, {70, 140}, {0.3, 0.7}, {0.3, 0.6}), 0.6);
  const double size = random.uniform(0.25, 0.6);
  Surfaces all;
  for (int i = 0; i < 4; ++i) {
    const Vec3 at{size * random.uniform(-0.7, 0.7), size * random.uniform(0.5, 1.3), size * random.uniform(-0.4, 0.4)};
    all.push_back(
        ellipsoid(at, {}, size * Vec3{random.uniform(0.5, 0.9), random.uniform(0.5, 0.8), 0.6}, kSides, leaves));
    crumple(all.back(), 0.1 * size, i);
  }
  return all;
}

Surfaces tree(Random& random) {
  Surfaces all = bush(random);
  for (Surface& crown : all)
    for (Vec3& p : crown.points) p = {1.8 * p.x, 1.8 * p.y + 1.9, 1.8 * p.z};
  all.push_back(post(0, 2.6, random.uniform(0.1, 0.22), 0.08, grained(random, {96, 74, 56}, 0.4)));
  return all;
}

Surfaces ball(Random& random) {
  const double r = random.uniform(0.1, 0.3);
  Material m = plain(draw_cloth_colour(random));
  m.pattern = Pattern::pales;
  m.colours[1] = draw_cloth_colour(random), m.around = 5;
  return {ellipsoid({0, r, 0}, about_z(random.uniform(0, 90)), {r, r, r}, kSides, m)};
}

Surfaces lamp(Random& random) {
  const double h = random.uniform(1.3, 2.4);
  const Material metal = plain(from_hsv(0, 0, random.uniform(0.15, 0.6)));
  return {post(0, 0.05, 0.16, 0.16, metal), post(0.05, h, 0.03, 0.025, metal),
          ellipsoid({0, h + 0.12, 0}, {}, {0.15, 0.15, 0.15}, kSides, plain({244, 232, 200}))};
}

Surfaces coat_stand(Random& random) {
  const Material coat = draw_cloth(random, draw_cloth_colour(random)), pole = wood(random);
  Surfaces all{post(0, 1.75, 0.03, 0.025, pole), post(0, 0.04, 0.22, 0.22, pole), post(0.55, 1.3, 0.26, 0.2, coat),
               post(1.3, 1.42, 0.2, 0.06, coat)};
  for (const int side : {-1, 1}) {
    const Vec3 shoulder{0.17 * side, 1.33, 0}, cuff{0.26 * side, 0.78, 0.03};
    constexpr Section kSleeve[] = {{-0.05, 0, 0}, {0, 0.07, 0.07}, {0.9, 0.06, 0.06}, {1, 0, 0}};
    all.push_back(limb(shoulder, cuff, facing(shoulder - cuff, {0, 0, 1}), kSleeve, kSides, coat));
  }
  if (random.chance(0.6))
    all.push_back(ellipsoid({0, 1.72, 0}, {}, {0.14, 0.08, 0.16}, kSides, plain(draw_cloth_colour(random))));
  return all;
}

Surfaces snowman(Random& random) {
  const Material snow = grained(random, {240, 242, 246}, 0.08), coal = plain({30, 28, 28});
  Surfaces all{ellipsoid({0, 0.3, 0}, {}, {0.36, 0.33, 0.36}, kSides, snow),
               ellipsoid({0, 0.78, 0}, {}, {0.26, 0.25, 0.26}, kSides, snow),
               ellipsoid({0, 1.15, 0}, {}, {0.18, 0.17, 0.18}, kSides, snow),
               ellipsoid({0, 1.13, 0.2}, {}, {0.03, 0.03, 0.12}, 8, plain({230, 120, 40})),
               ellipsoid({0.07, 1.2, 0.16}, {}, {0.025, 0.025, 0.02}, 8, coal),
               ellipsoid({-0.07, 1.2, 0.16}, {}, {0.025, 0.025, 0.02}, 8, coal)};
  if (random.chance(0.5)) all.push_back(post(1.28, 1.5, 0.15, 0.13, coal));
  return all;
}

Surfaces fence(Random& random) {
  const Material material = wood(random);
  const double h = random.uniform(0.6, 1.1);
  Surfaces all;
  for (int i = -4; i <= 4; ++i) add_box(all, {0.2 * i, h / 2, 0}, {0.04, h / 2, 0.015}, material);
  for (const double y : {0.35 * h, 0.8 * h}) add_box(all, {0, y, -0.02}, {0.95, 0.04, 0.015}, material);
  return all;
}

}  // namespace

std::vector<Surface> draw_thing(Random& random) {
  constexpr Surfaces (*kKinds[])(Random&) = {crate, table,      chair,   bush,  tree,  ball,
                                             lamp,  coat_stand, snowman, fence, crate, table};
  return kKinds[static_cast<std::size_t>(random.below(static_cast<int>(std::size(kKinds))))](random);
}

}  // namespace posecu
