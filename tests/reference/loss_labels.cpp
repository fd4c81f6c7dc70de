#include "tests/reference/loss_labels.h"

#include <cmath>

namespace posecu::reference {

bool pixel_of(const LabelledJoint& joint, int width, int height, int& x, int& y) {
  if (joint.visibility <= 0) return false;
  const double left = std::trunc(joint.x), top = std::trunc(joint.y);
  if (left < 0 || top < 0 || left >= width || top >= height) return false;
  x = static_cast<int>(left);
  y = static_cast<int>(top);
  return true;
}

}  // namespace posecu::reference
