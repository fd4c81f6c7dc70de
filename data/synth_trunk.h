// The shape of a synthetic person's trunk, which bends between pelvis, waist and chest.
#pragma once

#include <span>

#include "data/synth_pose.h"
#include "data/synth_surface.h"

namespace posecu {

// A level cut: how high above the hip joints, half its width and depth, and how far it lies before the spine; metres.
struct TrunkCut {
  double height, width, depth, before;
};

std::span<const TrunkCut> trunk_cuts();  // from the neck down, of the mean man
TrunkCut trunk_cut(double height);       // between them

class Trunk {
 public:
  Trunk(const Bones& bones, const Build& build) : bones_(bones), build_(build) {}

  Rotation turn(double height) const;
  Vec3 centre(double height) const;

  // Around the person's own body, `cloth` metres off the skin.
  Ring ring(const TrunkCut& cut, double cloth) const;
  Ring ring(double height, double cloth) const { return ring(trunk_cut(height), cloth); }

 private:
  const Bones& bones_;
  const Build& build_;
};

// 0 below `low`, 1 above `high`.
double smooth_step(double low, double high, double x);

}  // namespace posecu
