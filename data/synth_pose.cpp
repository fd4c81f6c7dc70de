#include "data/synth_pose.h"

#include <algorithm>
#include <span>

namespace posecu {
namespace {

struct Span {
  double least, most;
};

double draw(Random& random, Span span) { return random.uniform(span.least, span.most); }

// What an arm does.
struct ArmHabit {
  double weight;
  Span forward, outward, twist, elbow, wrist;
};

// Twist turns the elbow's bend: 0 forward, 90 inward, -90 outward.
constexpr auto kCalmArms = std::to_array<ArmHabit>({
    {30, {-8, 10}, {6, 14}, {0, 40}, {6, 26}, {0, 12}},          // hangs
    {12, {-4, 18}, {5, 18}, {10, 50}, {25, 75}, {0, 15}},        // hangs, bent
    {11, {-18, -4}, {36, 48}, {74, 92}, {88, 108}, {-20, 5}},    // hand on the hip
    {9, {24, 42}, {4, 14}, {25, 48}, {80, 112}, {-10, 15}},      // holds something in front
    {5, {34, 46}, {2, 8}, {66, 84}, {96, 112}, {0, 15}},         // before the chest
    {6, {0, 20}, {86, 108}, {-104, -78}, {70, 120}, {-10, 20}},  // waves
    {5, {62, 94}, {0, 18}, {0, 30}, {0, 18}, {-5, 10}},          // points ahead
    {4, {38, 54}, {14, 28}, {42, 60}, {132, 146}, {0, 10}},      // a telephone
    {4, {-5, 20}, {60, 96}, {-20, 40}, {0, 30}, {-10, 10}},      // reaches aside
});
constexpr auto kLivelyArms = std::to_array<ArmHabit>({
    {10, {-10, 20}, {6, 30}, {0, 60}, {5, 90}, {0, 20}},
    {8, {0, 20}, {80, 125}, {-110, -70}, {20, 120}, {-20, 20}},   // waves
    {8, {-10, 20}, {140, 172}, {-40, 40}, {0, 50}, {-10, 10}},    // up
    {6, {60, 110}, {0, 40}, {-20, 60}, {0, 60}, {-10, 20}},       // ahead
    {6, {-10, 20}, {55, 110}, {-30, 60}, {0, 60}, {-10, 20}},     // aside
    {4, {-12, 4}, {112, 128}, {-102, -84}, {130, 142}, {0, 10}},  // behind the head
    {4, {-45, -10}, {8, 35}, {0, 60}, {10, 70}, {0, 15}},         // back
    {4, {70, 130}, {10, 50}, {20, 100}, {60, 120}, {0, 20}},      // before the face
});

ArmAngles draw_arm(Random& random, std::span<const ArmHabit> habits) {
  double sum = 0;
  for (const ArmHabit& habit : habits) sum += habit.weight;
  double left = random.uniform(0, sum);
  const ArmHabit* chosen = habits.data();
  while (left >= chosen->weight && chosen != &habits.back()) left -= (chosen++)->weight;
  return {draw(random, chosen->forward), draw(random, chosen->outward), draw(random, chosen->twist),
          draw(random, chosen->elbow), draw(random, chosen->wrist)};
}

void stand(Pose& pose, Random& random) {
  const bool contrapposto = random.chance(0.4);
  const auto free = static_cast<std::size_t>(random.below(2));
  for (LegAngles& leg : pose.legs)
    leg = {draw(random, {-5, 6}), draw(random, {2, 9}), draw(random, {0, 16}), draw(random, {0, 8})};
  if (!contrapposto) return;
  pose.legs[free] = {draw(random, {4, 22}), draw(random, {3, 13}), draw(random, {8, 28}), draw(random, {12, 40})};
  pose.hip_drop = (free == 0 ? 1 : -1) * draw(random, {1, 6});
  pose.sway = -1.2 * pose.hip_drop;
}

// One moment of a step; `reach` is how far the leading leg is ahead, in degrees.
void stride(Pose& pose, Random& random, Span reach, Span elbow, Span knee) {
  const auto ahead = static_cast<std::size_t>(random.below(2)), behind = 1 - ahead;
  const double angle = draw(random, reach);
  const bool passing = random.chance(0.35);  // the free leg is being pulled through
  pose.legs[ahead] = {angle,   draw(random, {0, 4}), 4, passing ? draw(random, knee) : draw(random, {2, 14}), -12,
                      !passing};
  pose.legs[behind] = {passing ? draw(random, {-8, 2}) : -0.8 * angle,       draw(random, {0, 4}), 4,
                       passing ? draw(random, {2, 12}) : draw(random, knee), passing ? 0.0 : 25.0, passing};
  for (const std::size_t side : {ahead, behind}) {
    const double swing = (side == ahead ? -1 : 1) * angle * draw(random, {0.7, 1.2});
    pose.arms[side] = {swing, draw(random, {5, 12}), draw(random, {5, 40}), draw(random, elbow), 5};
  }
  pose.turn = (ahead == 0 ? -1 : 1) * draw(random, {2, 10});
}

void run(Pose& pose, Random& random) {
  stride(pose, random, {28, 62}, {65, 105}, {40, 105});
  pose.lean = draw(random, {6, 18});
  for (LegAngles& leg : pose.legs) leg.level = false, leg.ankle = draw(random, {-5, 30});
  pose.lift = draw(random, {0, 0.12});
}

void sit(Pose& pose, Random& random) {
  const double open = draw(random, {3, 18});
  for (LegAngles& leg : pose.legs)
    leg = {draw(random, {78, 94}), open, draw(random, {-4, 10}), draw(random, {70, 104}), 0, true};
  pose.lean = draw(random, {-12, 22});
  pose.seat = Seat::seat;
  for (ArmAngles& arm : pose.arms)
    if (random.chance(0.6))
      arm = {draw(random, {18, 46}), draw(random, {4, 20}), draw(random, {10, 50}), draw(random, {30, 75}), 5};
}

void jump(Pose& pose, Random& random) {
  const bool star = random.chance(0.5);
  for (LegAngles& leg : pose.legs)
    leg = star ? LegAngles{draw(random, {-10, 15}), draw(random, {16, 42}), 10, draw(random, {5, 40}), 30, false}
               : LegAngles{draw(random, {10, 75}), draw(random, {2, 16}), 8, draw(random, {40, 110}), 30, false};
  for (ArmAngles& arm : pose.arms) arm = draw_arm(random, kLivelyArms);
  pose.lift = draw(random, {0.15, 0.5});
}

void crouch(Pose& pose, Random& random) {
  const double depth = draw(random, {50, 112});
  for (LegAngles& leg : pose.legs) leg = {depth, draw(random, {6, 22}), 14, 1.25 * depth, 0, true};
  pose.lean = draw(random, {15, 40});
  for (ArmAngles& arm : pose.arms) arm = {draw(random, {35, 75}), draw(random, {4, 24}), 25, draw(random, {20, 80}), 5};
}

void bend_down(Pose& pose, Random& random) {
  stand(pose, random);
  pose.lean = draw(random, {35, 75});
  pose.nod = -0.4 * pose.lean;
  for (ArmAngles& arm : pose.arms) arm = {draw(random, {25, 85}), draw(random, {2, 20}), 20, draw(random, {0, 45}), 5};
}

void kick(Pose& pose, Random& random) {
  stand(pose, random);
  const auto side = static_cast<std::size_t>(random.below(2));
  pose.legs[side] = {draw(random, {25, 85}), draw(random, {0, 35}), 5, draw(random, {0, 55}), 30, false};
  pose.lean = draw(random, {-14, 6});
  for (ArmAngles& arm : pose.arms) arm = draw_arm(random, kLivelyArms);
}

void lunge(Pose& pose, Random& random) {
  const auto front = static_cast<std::size_t>(random.below(2));
  pose.legs[front] = {draw(random, {35, 75}), draw(random, {0, 15}), 5, draw(random, {40, 85}), 0, true};
  pose.legs[1 - front] = {draw(random, {-38, -15}), draw(random, {2, 22}), 10, draw(random, {5, 35}), 25, false};
  pose.lean = draw(random, {0, 22});
  for (ArmAngles& arm : pose.arms) arm = draw_arm(random, kLivelyArms);
}

void draw_body(Pose& pose, Random& random, Liveliness liveliness) {
  const double kind = random.uniform();
  const double calm = liveliness == Liveliness::calm ? 1 : 0.72;  // the share of quiet poses
  if (kind < 0.46 * calm) return stand(pose, random);
  if (kind < 0.70 * calm) return stride(pose, random, {10, 32}, {8, 40}, {10, 50});
  if (kind < 0.82 * calm) return sit(pose, random);
  if (kind < 0.92 * calm) return run(pose, random);
  if (kind < 0.96 * calm) return lunge(pose, random);
  if (kind < 1.00 * calm) return jump(pose, random);
  const double wild = random.uniform();
  if (wild < 0.22) return jump(pose, random);
  if (wild < 0.42) return crouch(pose, random);
  if (wild < 0.58) return bend_down(pose, random);
  if (wild < 0.78) return kick(pose, random);
  return lunge(pose, random);
}

Arm make_arm(const Build& build, const ArmAngles& angles, int side, Vec3 chest, const Rotation& turn) {
  // A raised arm takes its shoulder along.
  const double raised = std::clamp((std::max(angles.outward, angles.forward) - 60) / 110, 0.0, 1.0);
  Arm arm;
  arm.shoulder = chest + turn * Vec3{side * (0.183 * build.shoulders - 0.03 * raised), 0.207 + 0.055 * raised, -0.008};
  arm.upper = turn * about_x(-angles.forward) * about_z(side * angles.outward) * about_y(-side * angles.twist);
  arm.fore = arm.upper * about_x(-angles.elbow);
  arm.elbow = arm.shoulder - 0.285 * arm.upper.y;
  arm.wrist = arm.elbow - 0.25 * arm.fore.y;
  arm.hand = arm.fore * about_z(-side * angles.wrist);
  return arm;
}

Leg make_leg(const Build& build, const LegAngles& angles, int side, Vec3 pelvis, const Rotation& turn) {
  Leg leg;
  leg.hip = pelvis + turn * Vec3{side * 0.096 * build.hips, 0, 0};
  leg.thigh = turn * about_x(-angles.forward) * about_z(side * angles.outward) * about_y(side * angles.twist);
  leg.shank = leg.thigh * about_x(angles.knee);
  leg.knee = leg.hip - 0.43 * build.legs * leg.thigh.y;
  leg.ankle = leg.knee - 0.41 * build.legs * leg.shank.y;
  Vec3 ahead = leg.shank.z;
  if (std::abs(ahead.y) > 0.9) ahead = leg.thigh.z;
  leg.foot = angles.level ? facing({0, 1, 0}, direction({ahead.x, 0, ahead.z})) : leg.shank * about_x(angles.ankle);
  return leg;
}

double lowest(const Leg& leg) {
  double y = leg.ankle.y;
  for (const double z : {-0.06, 0.19}) y = std::min(y, (leg.ankle + leg.foot * Vec3{0, -0.08, z}).y);
  return std::min(y, leg.knee.y - 0.06);
}

void raise(Bones& bones, double by) {
  const auto up = [by](Vec3& p) { p.y += by; };
  for (Vec3* p : {&bones.pelvis, &bones.waist, &bones.chest, &bones.neck, &bones.head}) up(*p);
  for (Arm& arm : bones.arms) up(arm.shoulder), up(arm.elbow), up(arm.wrist);
  for (Leg& leg : bones.legs) up(leg.hip), up(leg.knee), up(leg.ankle);
}

}  // namespace

Build draw_build(Random& random) {
  Build build;
  const double kind = random.uniform();
  if (kind < 0.14) {  // a child
    build.stature = draw(random, {1.05, 1.5});
    const double young = (1.5 - build.stature) / 0.45;
    build.head = 1.12 + 0.33 * young;
    build.legs = 0.97 - 0.08 * young;
    build.limbs = draw(random, {0.92, 1.08});
    build.shoulders = 0.92, build.hips = 0.95;
  } else if (kind < 0.57) {  // a woman
    build.stature = draw(random, {1.54, 1.78});
    build.shoulders = draw(random, {0.86, 0.95}), build.waist = draw(random, {0.84, 1.06});
    build.hips = draw(random, {0.98, 1.12}), build.limbs = draw(random, {0.84, 1.06});
    build.bust = draw(random, {0.012, 0.034});
    build.head = 1.02;
  } else {
    build.stature = draw(random, {1.64, 1.94});
    build.shoulders = draw(random, {0.97, 1.1}), build.waist = draw(random, {0.92, 1.26});
    build.hips = draw(random, {0.95, 1.06}), build.limbs = draw(random, {0.94, 1.2});
  }
  return build;
}

Pose draw_pose(Random& random, Liveliness liveliness) {
  Pose pose;
  pose.lean = 3 * random.normal(), pose.sway = 3 * random.normal(), pose.turn = 7 * random.normal();
  pose.look = 22 * random.normal(), pose.nod = 3 + 8 * random.normal(), pose.tilt = 6 * random.normal();
  const bool lively = random.chance(liveliness == Liveliness::calm ? 0.1 : 0.3);
  for (ArmAngles& arm : pose.arms) arm = draw_arm(random, lively ? std::span<const ArmHabit>(kLivelyArms) : kCalmArms);
  if (random.chance(0.22)) pose.arms[1] = pose.arms[0];  // both alike
  draw_body(pose, random, liveliness);
  pose.look = std::clamp(pose.look, -70.0, 70.0), pose.nod = std::clamp(pose.nod, -35.0, 35.0);
  return pose;
}

Bones make_bones(const Build& build, const Pose& pose) {
  Bones b;
  b.pelvis_turn = about_z(pose.hip_drop) * about_x(0.3 * pose.lean);
  b.waist_turn = about_y(0.4 * pose.turn) * about_x(0.65 * pose.lean) * about_z(-0.5 * pose.sway);
  b.chest_turn = about_y(pose.turn) * about_x(pose.lean) * about_z(-pose.sway);
  b.waist = b.pelvis + b.pelvis_turn * Vec3{0, 0.15, 0};
  b.chest = b.waist + b.waist_turn * Vec3{0, 0.15, 0};
  b.neck = b.chest + b.chest_turn * Vec3{0, 0.265, -0.012};
  b.head_turn = b.chest_turn * about_y(pose.look) * about_x(pose.nod - 0.35 * pose.lean) * about_z(-pose.tilt);
  const Rotation neck_turn = b.chest_turn * about_y(0.4 * pose.look) * about_x(0.4 * pose.nod);
  b.head = b.neck + neck_turn * Vec3{0, 0.045, 0.012} + build.head * (b.head_turn * Vec3{0, 0.098, 0.012});
  for (std::size_t i = 0; i < 2; ++i) {
    const int side = i == 0 ? 1 : -1;
    b.arms[i] = make_arm(build, pose.arms[i], side, b.chest, b.chest_turn);
    b.legs[i] = make_leg(build, pose.legs[i], side, b.pelvis, b.pelvis_turn);
  }
  raise(b, pose.lift - std::min(lowest(b.legs[0]), lowest(b.legs[1])));
  return b;
}

}  // namespace posecu
