// The labels of one batch for the references of the losses, spelled out: one entry for each person.
#pragma once

#include <vector>

namespace posecu::reference {

struct LabelledJoint {
  double x = 0, y = 0, visibility = 0;  // pixels of the map that the loss looks at
};

struct LabelledPerson {
  int picture = 0;
  double scale = 0;                   // sqrt(area of the box) / size of the input
  std::vector<LabelledJoint> joints;  // [K]
};

// Where a joint lies on the map: cut toward zero, so that -0.99 is pixel 0. False: it has no place there.
bool pixel_of(const LabelledJoint& joint, int width, int height, int& x, int& y);

}  // namespace posecu::reference
