// HRNet's branch fusion in double precision.
#pragma once

#include <vector>

#include "tests/reference/map.h"

namespace posecu::reference {

// y = max(sum of the inputs, each enlarged by its factor through repetition, 0).
Map fuse(const std::vector<Map>& inputs, const std::vector<int>& factors);
std::vector<Map> fuse_gradients(const std::vector<Map>& inputs, const std::vector<int>& factors, const Map& dy);

}  // namespace posecu::reference
