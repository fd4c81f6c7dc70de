// What stands behind synthetic people: a room or a landscape with a floor in perspective, or nothing in particular.
#pragma once

#include "core/random.h"
#include "data/picture.h"

namespace posecu {

// A camera that looks level: what is `distance` metres away is seen at focal / distance pixels a metre, and the ground
// lies there `height` metres below the horizon.
struct Lens {
  double focal = 0;    // pixels
  double height = 0;   // metres above the ground
  double horizon = 0;  // pixels from the top; may lie outside of the picture
};

// Nothing but the backdrop is farther away than `farthest` metres.
Picture paint_backdrop(Random& random, const Lens& lens, double farthest, int width, int height);

}  // namespace posecu
