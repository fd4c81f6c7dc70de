// Bilinear resize in double precision, corners not aligned.
#pragma once

#include "tests/reference/map.h"

namespace posecu::reference {

Map resize_bilinear(const Map& x, int height, int width);
Map resize_bilinear_gradient(const Map& dy, int height, int width);  // of an input of this size

}  // namespace posecu::reference
