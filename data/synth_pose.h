// How synthetic people are built and how they stand: joint angles, drawn at random, and the bones that follow.
//
// The body's frame: x to the person's left, y up, z to where the person faces; metres of a grown-up of 1.75 m. Index 0
// of a pair is the left one.
#pragma once

#include <array>

#include "core/random.h"
#include "data/synth_geometry.h"

namespace posecu {

enum class Liveliness { calm, lively };  // calm: no crawling, few raised arms

// Proportions; 1 is the mean man.
struct Build {
  double stature = 1.75;  // metres
  double shoulders = 1, waist = 1, hips = 1, limbs = 1;
  double bust = 0;  // metres
  double head = 1;  // a child's is larger
  double legs = 1;
};

struct ArmAngles {  // degrees
  double forward = 0, outward = 8, twist = 20, elbow = 15, wrist = 5;
};
struct LegAngles {
  double forward = 0, outward = 3, twist = 6, knee = 4, ankle = 0;
  bool level = true;  // the foot stands flat
};

enum class Seat { none, seat };

struct Pose {
  double lean = 0, sway = 0, turn = 0, hip_drop = 0;  // of the spine: forward, to the left, to the left; pelvis
  double look = 0, nod = 0, tilt = 0;                 // of the head against the chest
  std::array<ArmAngles, 2> arms;
  std::array<LegAngles, 2> legs;
  double lift = 0;  // metres above the ground
  Seat seat = Seat::none;
};

Build draw_build(Random& random);
Pose draw_pose(Random& random, Liveliness liveliness);

struct Arm {
  Vec3 shoulder, elbow, wrist;
  Rotation upper, fore, hand;  // y axes point back along the bone
};
struct Leg {
  Vec3 hip, knee, ankle;
  Rotation thigh, shank, foot;  // the foot's z axis points to its toes
};
struct Bones {
  Vec3 pelvis, waist, chest, neck, head;  // head: the middle of the skull
  Rotation pelvis_turn, waist_turn, chest_turn, head_turn;
  std::array<Arm, 2> arms;
  std::array<Leg, 2> legs;
};

// The ground is y = 0; the lowest sole stands `lift` above it.
Bones make_bones(const Build& build, const Pose& pose);

inline constexpr double kHeadHalf = 0.117;  // metres from the middle of the skull to its top

}  // namespace posecu
