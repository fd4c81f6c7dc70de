// Trunk, limbs and what covers them.
#include <algorithm>
#include <ranges>
#include <span>

#include "data/synth_figure.h"
#include "data/synth_trunk.h"

namespace posecu {
namespace {

constexpr auto kUpperArm = std::to_array<Section>({{-0.15, 0, 0},
                                                   {-0.13, 0.024, 0.026},
                                                   {-0.06, 0.042, 0.045},
                                                   {0.06, 0.049, 0.052},
                                                   {0.25, 0.047, 0.053},
                                                   {0.5, 0.043, 0.05},
                                                   {0.8, 0.037, 0.04},
                                                   {1, 0.035, 0.037},
                                                   {1.07, 0.03, 0.03},
                                                   {1.12, 0, 0}});
constexpr auto kForearm = std::to_array<Section>({{-0.13, 0, 0},
                                                  {-0.09, 0.028, 0.028},
                                                  {0, 0.036, 0.037},
                                                  {0.2, 0.04, 0.042},
                                                  {0.45, 0.036, 0.037},
                                                  {0.75, 0.028, 0.028},
                                                  {0.97, 0.021, 0.026},
                                                  {1.04, 0.018, 0.024},
                                                  {1.08, 0, 0}});
constexpr auto kPalm = std::to_array<Section>({{-0.1, 0, 0},
                                               {-0.05, 0.017, 0.022},
                                               {0.1, 0.017, 0.03},
                                               {0.3, 0.015, 0.041},
                                               {0.52, 0.014, 0.042},
                                               {0.75, 0.012, 0.036},
                                               {0.93, 0.01, 0.028},
                                               {1, 0, 0}});
constexpr auto kThumb =
    std::to_array<Section>({{-0.05, 0, 0}, {0, 0.014, 0.014}, {0.5, 0.012, 0.012}, {0.9, 0.009, 0.009}, {1, 0, 0}});
constexpr auto kThigh = std::to_array<Section>({{-0.2, 0, 0},
                                                {-0.15, 0.06, 0.078},
                                                {0, 0.079, 0.097},
                                                {0.2, 0.081, 0.094},
                                                {0.5, 0.068, 0.075, 0.006},
                                                {0.8, 0.055, 0.058, 0.004},
                                                {1, 0.05, 0.053},
                                                {1.06, 0.042, 0.042},
                                                {1.1, 0, 0}});
constexpr auto kShank = std::to_array<Section>({{-0.1, 0, 0},
                                                {-0.07, 0.036, 0.038, 0.004},
                                                {0, 0.05, 0.052},
                                                {0.12, 0.05, 0.053, -0.006},
                                                {0.28, 0.053, 0.059, -0.014},
                                                {0.5, 0.044, 0.049, -0.01},
                                                {0.75, 0.033, 0.036, -0.002},
                                                {0.95, 0.031, 0.036},
                                                {1.05, 0.03, 0.038},
                                                {1.1, 0, 0}});

// A part of a limb from `begin` to `end` of its length, wider by `cloth` metres, and by `hem` at its end.
std::vector<Section> sleeve(std::span<const Section> limb_sections, double end, double cloth, double hem) {
  std::vector<Section> result;
  Section last = limb_sections.front();
  const auto covered = [&](Section s) {
    const double more = cloth + hem * std::clamp(s.at, 0.0, 1.0);
    return Section{s.at, s.width + more, s.depth + more, s.before};
  };
  for (const Section& s : limb_sections) {
    if (s.at >= end) {
      const double t = (end - last.at) / (s.at - last.at);
      const Section cut{end, std::max(last.width + t * (s.width - last.width), 0.03),
                        std::max(last.depth + t * (s.depth - last.depth), 0.03),
                        last.before + t * (s.before - last.before)};
      result.push_back(covered(cut));
      break;
    }
    if (s.width > 0) result.push_back(covered(s));
    last = s;
  }
  result.insert(result.begin(), Section{result.front().at - 0.03, 0, 0});
  result.push_back({result.back().at - 0.01, 0, 0});  // closed from within
  return result;
}

std::vector<Section> thickened(std::span<const Section> sections, double by) {
  std::vector<Section> result(sections.begin(), sections.end());
  for (Section& s : result) s.width *= by, s.depth *= by;
  return result;
}

Ring shrunk(Ring ring, double by) {
  ring.across = by * ring.across, ring.ahead = by * ring.ahead;
  return ring;
}

// Puts body and clothes on the bones.
class Tailor {
 public:
  Tailor(Figure& figure, const Bones& bones, const Build& build, const Look& look, int sides)
      : figure_(figure), bones_(bones), build_(build), look_(look), sides_(sides), trunk_(bones, build) {}

  void dress() {
    add_top();
    if (look_.legs >= Legwear::skirt) add_skirt();
    add_pelvis();
    for (int side = 0; side < 2; ++side) {
      add_arm(bones_.arms[static_cast<std::size_t>(side)], side == 0 ? 1 : -1);
      add_leg(bones_.legs[static_cast<std::size_t>(side)]);
    }
    add_neck();
    if (look_.backpack) add_backpack();
  }

 private:
  void add(Surface surface, double folds = 0) {
    if (folds > 0) crumple(surface, folds, 17 * bones_.pelvis.y + static_cast<double>(figure_.surfaces.size()));
    figure_.surfaces.push_back(std::move(surface));
  }

  // Wide enough for the thighs below it.
  Ring top_ring(const TrunkCut& cut, double cloth) const {
    Ring ring = trunk_.ring(cut, cloth);
    if (cut.height > 0.07 || look_.legs >= Legwear::skirt) return ring;
    const double legs = 0.02 + 0.006 * look_.legs_loose;
    const double width = 0.096 * build_.hips + 0.08 * build_.limbs + legs, depth = 0.098 * build_.limbs + legs;
    const auto at_least = [](Vec3 v, double size) { return std::max(size / length(v), 1.0) * v; };
    ring.across = at_least(ring.across, width), ring.ahead = at_least(ring.ahead, depth);
    return ring;
  }

  void add_top() {
    const double cloth = 0.008 + 0.008 * look_.top_loose;
    std::vector<Ring> rings{shrunk(trunk_.ring(0.585, cloth), 0.5)};
    const double end = std::max(look_.hem, -0.02);
    for (const TrunkCut& cut : trunk_cuts()) {
      if (cut.height > 0.58 || cut.height <= end + 0.02) continue;
      const double hang = look_.top_loose * 0.014 * (1 - smooth_step(0.05, 0.4, cut.height));
      rings.push_back(top_ring(cut, cloth + hang));
    }
    rings.push_back(top_ring(trunk_cut(end), cloth + 0.014 * look_.top_loose));
    const Ring last = rings.back();
    if (look_.hem < end)  // a coat: straight down over the thighs
      for (const double share : {0.5, 1.0}) {
        Ring ring = shrunk(last, 1 + 0.1 * share);
        ring.centre = last.centre + (share * (look_.hem - end)) * trunk_.turn(0).y;
        ring.along = last.along + share * (look_.hem - end);
        rings.push_back(ring);
      }
    rings.push_back(shrunk(rings.back(), 0));
    add(tube(rings, sides_ + 4, look_.top), 0.006 * look_.top_loose);
  }

  void add_pelvis() {
    const double cloth = 0.007 + 0.003 * look_.legs_loose;
    const double belt = std::clamp(look_.hem + 0.05, 0.02, 0.13);  // the top covers what is above
    std::vector<Ring> rings{shrunk(trunk_.ring(belt, cloth), 0), trunk_.ring(belt, cloth)};
    for (const TrunkCut& cut : trunk_cuts())
      if (cut.height < belt - 0.02) rings.push_back(trunk_.ring(cut, cloth));
    rings.push_back(shrunk(rings.back(), 0));
    add(tube(rings, sides_ + 2, look_.legwear));
  }

  void add_neck() {
    const Vec3 base = bones_.neck - bones_.chest_turn * Vec3{0, 0.06, 0.004},
               top = bones_.head - 0.02 * bones_.head_turn.z;
    constexpr Section kNeck[] = {{0, 0.07, 0.06}, {0.25, 0.056, 0.054}, {0.5, 0.05, 0.052}, {1, 0.05, 0.054}};
    add(limb(top, base, facing(top - base, bones_.chest_turn.z), reversed(kNeck), sides_, look_.skin));
  }

  static std::vector<Section> reversed(std::span<const Section> sections) {
    std::vector<Section> result;
    for (const Section& section : std::views::reverse(sections))
      result.push_back({1 - section.at, section.width, section.depth, section.before});
    return result;
  }

  void add_arm(const Arm& arm, int side) {
    const double cloth = 0.005 + 0.006 * look_.top_loose;
    const auto upper = thickened(kUpperArm, build_.limbs), fore = thickened(kForearm, build_.limbs);
    if (look_.sleeves != Sleeves::whole) {
      add(limb(arm.shoulder, arm.elbow, arm.upper, upper, sides_, look_.skin));
      add(limb(arm.elbow, arm.wrist, arm.fore, fore, sides_, look_.skin));
    }
    Material cloth_material = look_.top;
    if (look_.top.pattern == Pattern::open || look_.top.pattern == Pattern::print)
      cloth_material.pattern = Pattern::plain;
    cloth_material.around = std::max(std::round(look_.top.around / 3), 2.0f);
    if (look_.sleeves == Sleeves::half)
      add(limb(arm.shoulder, arm.elbow, arm.upper, sleeve(upper, 0.45, cloth, 0.012), sides_, cloth_material));
    if (look_.sleeves == Sleeves::whole) {
      add(limb(arm.shoulder, arm.elbow, arm.upper, sleeve(upper, 1.06, cloth, 0), sides_, cloth_material),
          0.005 * look_.top_loose);
      add(limb(arm.elbow, arm.wrist, arm.fore, sleeve(fore, 0.96, cloth, 0.002), sides_, cloth_material),
          0.005 * look_.top_loose);
    }
    const double size = 0.9 + 0.1 * build_.limbs;
    add(limb(arm.wrist, arm.wrist - 0.172 * size * arm.hand.y, arm.hand, kPalm, std::max(sides_ - 2, 6), look_.skin));
    const Vec3 root = arm.wrist + arm.hand * Vec3{-0.004 * side, -0.035, 0.022};
    add(limb(root, root + arm.hand * Vec3{-0.012 * side, -0.062, 0.032},
             facing(arm.hand * Vec3{0, 0.9, -0.45}, arm.hand.x), kThumb, 6, look_.skin));
  }

  void add_leg(const Leg& leg) {
    const auto thigh = thickened(kThigh, build_.limbs), shank = thickened(kShank, build_.limbs);
    Material cloth_material = look_.legwear;
    cloth_material.around = std::max(std::round(look_.legwear.around / 2), 2.0f);
    if (look_.legwear.pattern == Pattern::print) cloth_material.pattern = Pattern::plain;
    const double wide = look_.legs_loose;
    if (look_.legs == Legwear::trousers) {
      add(limb(leg.hip, leg.knee, leg.thigh, sleeve(thigh, 1.05, 0.006 + 0.006 * wide, 0.002), sides_, cloth_material),
          0.006 * wide);
      add(limb(leg.knee, leg.ankle, leg.shank, sleeve(shank, 1.0, 0.007 + 0.007 * wide, 0.012 * wide), sides_,
               cloth_material),
          0.006 * wide);
    } else {
      add(limb(leg.hip, leg.knee, leg.thigh, look_.legs >= Legwear::skirt ? below_skirt(thigh) : thigh, sides_,
               look_.skin));
      add(limb(leg.knee, leg.ankle, leg.shank, shank, sides_, look_.skin));
      if (look_.legs == Legwear::shorts)
        add(limb(leg.hip, leg.knee, leg.thigh, sleeve(thigh, 0.45 + 0.25 * wide, 0.008 + 0.005 * wide, 0.016 * wide),
                 sides_, cloth_material),
            0.006 * wide);
    }
    if (look_.legs != Legwear::trousers) add(limb(leg.knee, leg.ankle, leg.shank, sock(shank), sides_, look_.socks));
    add_shoe(leg);
  }

  // Legs are not to show through cloth.
  static std::vector<Section> below_skirt(std::span<const Section> thigh) {
    constexpr double kBegin = 0.4;
    std::vector<Section> result{{kBegin, 0, 0}};
    for (const Section& s : thigh)
      if (s.at > kBegin) result.push_back(s);
    return result;
  }

  std::vector<Section> sock(std::span<const Section> shank) const {
    std::vector<Section> result{{0.74, 0, 0}};
    for (const Section& s : shank)
      if (s.at >= 0.75 && s.width > 0) result.push_back({s.at, s.width + 0.004, s.depth + 0.004, s.before});
    return result;
  }

  void add_shoe(const Leg& leg) {
    struct Last {
      double ahead, width, height, middle;  // of a cut; its middle below the ankle
    };
    constexpr Last kShoe[] = {{-0.068, 0, 0, -0.04},         {-0.062, 0.022, 0.03, -0.042},
                              {-0.04, 0.034, 0.045, -0.036}, {0.0, 0.038, 0.052, -0.03},
                              {0.045, 0.041, 0.042, -0.04},  {0.09, 0.045, 0.031, -0.05},
                              {0.135, 0.045, 0.025, -0.056}, {0.17, 0.036, 0.021, -0.06},
                              {0.19, 0.02, 0.014, -0.064},   {0.196, 0, 0, -0.065}};
    std::vector<Ring> rings;
    for (const auto& [ahead, width, height, middle] : kShoe)
      rings.push_back(
          {leg.ankle + leg.foot * Vec3{0, middle, ahead}, width * leg.foot.x, height * leg.foot.y, ahead, 0});
    Surface shoe = tube(rings, sides_, look_.shoes);
    for (std::size_t i = 0; i < shoe.points.size(); ++i) {  // flat below; the mark tells sole from upper
      const double up = dot(shoe.points[i] - leg.ankle, leg.foot.y);
      if (up < -0.08) shoe.points[i] = shoe.points[i] + (-0.08 - up) * leg.foot.y;
      shoe.texture[i].z = (up + 0.064) / 0.06;
    }
    add(std::move(shoe));
  }

  // Across both legs; 0 is the thighs' direction, 1 the shanks'.
  Rotation skirt_frame(double below_knee) const {
    const Leg &left = bones_.legs[0], &right = bones_.legs[1];
    const Vec3 y = direction(mix(left.thigh.y + right.thigh.y, left.shank.y + right.shank.y, below_knee));
    const Vec3 side = bones_.pelvis_turn.x, x = direction(side - dot(side, y) * y);
    return {x, y, cross(x, y)};
  }

  void add_skirt() {
    const double cloth = 0.012 + 0.004 * look_.legs_loose;
    std::vector<Ring> rings{shrunk(trunk_.ring(0.14, cloth), 0.5), trunk_.ring(0.14, cloth),
                            trunk_.ring(0.06, cloth + 0.006), trunk_.ring(-0.02, cloth + 0.012)};
    const Leg &left = bones_.legs[0], &right = bones_.legs[1];
    const double length_down = look_.skirt * 2;  // 0 .. 1 thigh, 1 .. 2 shank
    const int steps = 4;
    for (int i = 1; i <= steps; ++i) {
      const double at = length_down * i / steps;
      const auto on_leg = [at](const Leg& leg) {
        return at < 1 ? mix(leg.hip, leg.knee, at) : mix(leg.knee, leg.ankle, at - 1);
      };
      const Vec3 a = on_leg(left), b = on_leg(right), apart = 0.5 * (a - b);
      const Rotation frame = skirt_frame(smooth_step(0.8, 1.3, at));
      const double wide = std::abs(dot(apart, frame.x)), deep = std::abs(dot(apart, frame.z));
      const double flare = 0.085 + 0.03 * build_.limbs + (0.025 + 0.025 * look_.legs_loose) * at;
      const double corner = 0.4 * std::min(wide, deep);  // legs that are apart both ways
      const double width = wide + corner + flare, depth = deep + corner + flare;
      rings.push_back({0.5 * (a + b), width * frame.x, depth * frame.z, -0.02 - 0.42 * at, 0});
    }
    rings.push_back(shrunk(rings.back(), 0));
    add(tube(rings, 2 * sides_, look_.legwear), 0.016 * look_.legs_loose);
  }

  void add_backpack() {
    const Rotation turn = bones_.chest_turn;
    figure_.things.push_back(
        ellipsoid(bones_.chest + turn * Vec3{0, 0.05, -0.18}, turn, {0.15, 0.24, 0.1}, sides_, look_.bag));
  }

  Figure& figure_;
  const Bones& bones_;
  const Build& build_;
  const Look& look_;
  int sides_;
  Trunk trunk_;
};

void add_seat(Figure& figure, const Bones& bones, const Look& look) {
  const double top = bones.pelvis.y - 0.1;
  const Rotation upright = facing({0, 1, 0}, {bones.pelvis_turn.z.x, 0, bones.pelvis_turn.z.z});
  Material wood = look.bag;
  for (Surface& face : box({bones.pelvis.x, top / 2, bones.pelvis.z}, upright, {0.21, top / 2, 0.2}, wood))
    figure.things.push_back(std::move(face));
}

}  // namespace

void add_body(Figure& figure, const Bones& bones, const Build& build, const Look& look, int sides) {
  Tailor(figure, bones, build, look, sides).dress();
  const auto point = [&](std::size_t k, Vec3 at, double reach) { figure.points[k] = {at, reach, {}, false}; };
  for (std::size_t i = 0; i < 2; ++i) {
    const Arm& arm = bones.arms[i];
    const Leg& leg = bones.legs[i];
    point(5 + i, arm.shoulder, 0.1), point(7 + i, arm.elbow, 0.075), point(9 + i, arm.wrist, 0.06);
    point(11 + i, leg.hip, 0.17), point(13 + i, leg.knee, 0.1), point(15 + i, leg.ankle, 0.085);
  }
}

Figure make_figure(const Build& build, const Pose& pose, const Look& look, int sides) {
  Figure figure;
  const Bones bones = make_bones(build, pose);
  add_head(figure, bones, build, look, sides);
  add_body(figure, bones, build, look, sides);
  if (pose.seat == Seat::seat) add_seat(figure, bones, look);
  return figure;
}

}  // namespace posecu
