// A skeleton for annotations short enough to be written into a test.
#pragma once

#include "data/skeleton.h"

namespace posecu {

inline Skeleton two_keypoints(KeypointCount count = KeypointCount::labelled) {
  Skeleton skeleton;
  skeleton.name = "two";
  skeleton.keypoints = {"left_end", "right_end"};
  skeleton.count = count;
  return skeleton;
}

}  // namespace posecu
