// Heads: skull, ears, nose, hair and hats, in half heights of the head.
#include <algorithm>
#include <span>

#include "data/synth_figure.h"

namespace posecu {
namespace {

// A level cut through the skull: its half width, and how far it reaches forward and back.
struct Cut {
  double height, width, front, back;
};

constexpr auto kSkull = std::to_array<Cut>({{1.00, 0.00, -0.06, 0.06},
                                            {0.97, 0.24, 0.20, 0.32},
                                            {0.88, 0.42, 0.42, 0.54},
                                            {0.72, 0.57, 0.60, 0.72},
                                            {0.46, 0.67, 0.72, 0.84},
                                            {0.20, 0.69, 0.77, 0.88},
                                            {0.00, 0.68, 0.74, 0.86},
                                            {-0.22, 0.65, 0.75, 0.78},
                                            {-0.42, 0.60, 0.77, 0.60},
                                            {-0.58, 0.54, 0.77, 0.40},
                                            {-0.74, 0.45, 0.74, 0.20},
                                            {-0.88, 0.33, 0.69, 0.00},
                                            {-0.97, 0.18, 0.60, -0.14},
                                            {-1.00, 0.00, 0.40, -0.40}});

Cut cut_at(double height) {
  std::size_t i = 1;
  while (i + 1 < kSkull.size() && kSkull[i].height > height) ++i;
  const Cut &a = kSkull[i - 1], &b = kSkull[i];
  const double t = std::clamp((a.height - height) / (a.height - b.height), 0.0, 1.0);
  return {height, a.width + t * (b.width - a.width), a.front + t * (b.front - a.front), a.back + t * (b.back - a.back)};
}

// The skull's surface; angle 0 is the left side, 90 the front.
Vec3 skull_point(double height, double angle) {
  const Cut cut = cut_at(height);
  const double c = std::cos(radians(angle)), s = std::sin(radians(angle));
  return {cut.width * c, height, (cut.front - cut.back) / 2 + (cut.front + cut.back) / 2 * s};
}

// From half heights of the head to the body's frame.
struct HeadFrame {
  Vec3 centre;
  Rotation turn;
  double size;

  Vec3 operator()(Vec3 p) const { return centre + size * (turn * p); }
  Vec3 vector(Vec3 p) const { return size * (turn * p); }
};

Ring ring_of(const HeadFrame& frame, Vec3 centre, double width, double depth) {
  return {frame(centre), frame.vector({width, 0, 0}), frame.vector({0, 0, depth}), -centre.y, 0};
}

Surface skull(const HeadFrame& frame, const Material& face, int sides) {
  std::vector<Ring> rings;
  for (const Cut& cut : kSkull)
    rings.push_back(ring_of(frame, {0, cut.height, (cut.front - cut.back) / 2}, cut.width, (cut.front + cut.back) / 2));
  Surface surface = tube(rings, sides, face);
  for (int row = 0; row < surface.rows; ++row)
    for (int column = 0; column < surface.columns; ++column)
      surface.texture[static_cast<std::size_t>(row * surface.columns + column)] =
          skull_point(kSkull[static_cast<std::size_t>(row)].height, 360.0 * column / sides);
  return surface;
}

Surface nose(const HeadFrame& frame, const Material& skin) {
  const Ring rings[] = {ring_of(frame, {0, 0.10, 0.70}, 0.03, 0.02),  ring_of(frame, {0, 0.02, 0.72}, 0.06, 0.06),
                        ring_of(frame, {0, -0.16, 0.74}, 0.08, 0.12), ring_of(frame, {0, -0.30, 0.76}, 0.12, 0.19),
                        ring_of(frame, {0, -0.38, 0.76}, 0.13, 0.13), ring_of(frame, {0, -0.42, 0.74}, 0.05, 0.04)};
  return tube(rings, 8, skin);
}

// How hair, or a hat, covers the skull: its lower rim by direction, its thickness on top and at the sides.
struct Cover {
  double front, side, back;  // heights of the rim
  double top, around;        // thickness
};

double rim_height(const Cover& cover, double angle) {
  const double s = std::sin(radians(angle));
  const double toward = std::abs(s) * std::abs(s);
  return cover.side + (s > 0 ? toward * toward : toward) * ((s > 0 ? cover.front : cover.back) - cover.side);
}

Surface covering(const HeadFrame& frame, const Cover& cover, const Material& material, int sides) {
  constexpr int kRows = 8;
  Surface surface{kRows + 2, sides + 1, {}, {}, material};
  for (int row = 0; row <= kRows + 1; ++row)
    for (int side = 0; side <= sides; ++side) {
      const double angle = 360.0 * (side % sides) / sides, t = std::min(row, kRows) / static_cast<double>(kRows);
      const double rim = rim_height(cover, angle);
      const double height = 1 - (1 - rim) * (1 - std::cos(radians(90 * t)) * 0.999);
      const Vec3 skin = skull_point(std::max(height, -0.95), angle);
      const Vec3 outward = direction({skin.x, skin.y > 0.3 ? skin.y - 0.3 : 0, skin.z + 0.05});
      const double thick = row > kRows ? -0.02 : cover.around + (cover.top - cover.around) * std::max(outward.y, 0.0);
      surface.points.push_back(frame(skin + thick * outward));
      surface.texture.push_back({static_cast<double>(side) / sides, t, 0});
    }
  return surface;
}

Cover cover_of(const Look& look) {
  const double front = look.fringe ? 0.3 : 0.56;
  switch (look.style) {
    case Hair::stubble:
      return {0.58, 0.1, -0.5, 0.035, 0.03};
    case Hair::cropped:
      return {front + 0.03, 0.02, -0.52, 0.1, 0.05};
    case Hair::parted:
      return {front, -0.04, -0.6, 0.17, 0.08};
    case Hair::bob:
      return {front, -0.35, -0.8, 0.13, 0.15};
    case Hair::flowing:
      return {front, -0.25, -0.75, 0.13, 0.12};
    case Hair::tail:
    case Hair::bun:
      return {0.58, 0.08, -0.5, 0.07, 0.05};
    case Hair::afro:
      return {0.5, -0.1, -0.55, 0.4, 0.36};
    case Hair::bald:
      break;
  }
  return {0.58, 0.1, -0.5, 0.0, 0.0};
}

// Hair that falls to and over the shoulders: it hangs down, wherever the head is turned.
Surface falling_hair(const HeadFrame& frame, const Look& look, double length_below, int sides) {
  const Vec3 down = direction(mix(frame.turn * Vec3{0, -1, 0}, {0, -1, 0}, 0.6));
  const Vec3 start = frame({0, 0.1, -0.32});
  struct Level {
    double at, width, depth;
  };
  constexpr Level kLevels[] = {{-0.1, 0.5, 0.4},   {0.15, 0.78, 0.52}, {0.45, 0.84, 0.5},
                               {0.75, 0.82, 0.38}, {0.95, 0.7, 0.26},  {1, 0.3, 0.1}};
  std::vector<Ring> rings;
  for (const auto& [at, width, depth] : kLevels) {
    const Vec3 centre = start + (at * length_below * frame.size) * down - frame.vector({0, 0, 0.1 * at * length_below});
    rings.push_back({centre, frame.vector({width, 0, 0}), frame.vector({0, 0, depth}), at, 0});
  }
  return tube(rings, sides, look.hair);
}

void add_hair(Figure& figure, const HeadFrame& frame, const Look& look, int sides) {
  if (look.style == Hair::bald) return;
  figure.surfaces.push_back(covering(frame, cover_of(look), look.hair, 2 * sides));
  if (look.style == Hair::flowing) figure.surfaces.push_back(falling_hair(frame, look, look.fringe ? 2.5 : 1.9, sides));
  if (look.style == Hair::bob) figure.surfaces.push_back(falling_hair(frame, look, 1.15, sides));
  if (look.style == Hair::bun)
    figure.surfaces.push_back(
        ellipsoid(frame({0, 0.62, -0.85}), frame.turn, frame.size * Vec3{0.32, 0.3, 0.28}, sides, look.hair));
  if (look.style != Hair::tail) return;
  const Vec3 root = frame({0, 0.35, -0.9}), down = direction(mix(frame.turn * Vec3{0, -1, -0.3}, {0, -1, 0}, 0.5));
  const Rotation hanging = facing(-1 * down, frame.turn.z);
  constexpr Section kTail[] = {{-0.06, 0.02, 0.02, 0},    {0.0, 0.028, 0.028, -0.01}, {0.25, 0.04, 0.035, -0.03},
                               {0.6, 0.034, 0.03, -0.02}, {0.95, 0.012, 0.012, 0},    {1, 0, 0, 0}};
  figure.surfaces.push_back(limb(root, root + 1.9 * frame.size * down, hanging, kTail, sides, look.hair));
}

void add_hat(Figure& figure, const HeadFrame& frame, const Look& look, int sides) {
  if (look.hat == Hat::none) return;
  const double wool = look.hat == Hat::beanie ? 0.16 : 0.13;
  const Cover cover{look.hat == Hat::beanie ? 0.42 : 0.5, 0.34, look.hat == Hat::beanie ? 0.0 : 0.2, wool + 0.08, wool};
  figure.surfaces.push_back(covering(frame, cover, look.hat_cloth, 2 * sides));
  const bool cap = look.hat == Hat::cap;
  if (look.hat != Hat::beanie)
    figure.surfaces.push_back(
        ellipsoid(frame({0, cap ? 0.46 : 0.42, cap ? 0.72 : -0.02}), frame.turn * about_x(cap ? 8 : 0),
                  frame.size * Vec3{cap ? 0.58 : 1.35, 0.05, cap ? 0.72 : 1.35}, sides, look.hat_cloth));
}

}  // namespace

void add_head(Figure& figure, const Bones& bones, const Build& build, const Look& look, int sides) {
  const HeadFrame frame{bones.head, bones.head_turn, kHeadHalf * build.head};
  Material ear = look.skin, nose_skin = look.skin;
  ear.colours[0] = 0.9f * ear.colours[0], nose_skin.colours[0] = 0.95f * nose_skin.colours[0];
  figure.surfaces.push_back(skull(frame, look.face, 2 * sides));
  figure.surfaces.push_back(nose(frame, nose_skin));
  for (const int side : {1, -1})
    figure.surfaces.push_back(ellipsoid(frame({0.71 * side, -0.06, -0.1}), frame.turn * about_y(-side * 25.0),
                                        frame.size * Vec3{0.05, 0.2, 0.13}, 8, ear));
  add_hair(figure, frame, look, sides);
  add_hat(figure, frame, look, sides);
  const auto feature = [&](Vec3 at, Vec3 outward, double reach) {
    return BodyPoint{frame(at), reach * build.head, frame.turn * outward, true};
  };
  constexpr double kEyeHeight = 0.0, kEyeSide = 0.28;
  Vec3 eye = skull_point(kEyeHeight, 90 - 24.5);
  eye.x = kEyeSide;
  figure.points[0] = feature({0, -0.31, 0.94}, {0, 0, 1}, 0.02);
  figure.points[1] = feature(eye, {0.3, 0, 0.95}, 0.018);
  figure.points[2] = feature({-eye.x, eye.y, eye.z}, {-0.3, 0, 0.95}, 0.018);
  figure.points[3] = feature({0.74, -0.06, -0.1}, {1, 0, 0}, 0.025);
  figure.points[4] = feature({-0.74, -0.06, -0.1}, {-1, 0, 0}, 0.025);
  figure.points[17] = {frame({0, 1, -0.06}), 0.09 * build.head, {}, false};
  figure.points[18] = {bones.neck + bones.chest_turn * Vec3{0, 0.03, 0.01}, 0.085, {}, false};
}

}  // namespace posecu
