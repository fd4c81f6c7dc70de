// The outlines of a mask as polygons.
#pragma once

#include <vector>

#include "data/mask.h"

namespace posecu {

// Polygons along the pixels' edges, x, y, x, y, ..., one for each part of pixels that share edges, whose pixels
// (data/mask.h: polygon_runs) are exactly those of the mask that are not 0. A hole is joined to its outline by a cut of
// no width along a column's edge.
std::vector<std::vector<int>> outline(const Mask& mask);

}  // namespace posecu
