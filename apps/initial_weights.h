// model.init: weights that a training begins with.
#pragma once

#include <string>

#include "apps/config.h"
#include "apps/weights_options.h"
#include "core/parameters.h"

namespace posecu {

// Replaces what the file holds, of any format and family; heads for other keypoints are carried over by keypoint name.
// Returns what to tell the user. Throws InputError when the file does not fit (model.init_partial).
std::string load_initial_weights(Parameters& parameters, const Config& config,
                                 const std::vector<std::string>& keypoints, const WeightsLimits& limits);

}  // namespace posecu
