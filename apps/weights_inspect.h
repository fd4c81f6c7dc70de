// `posecu weights inspect`: what a weights file is, and the numbers of each of its tensors.
#pragma once

#include <string>

#include "models/weights_file.h"

namespace posecu {

std::string inspect_text(const WeightsFile& file);
std::string inspect_json(const WeightsFile& file);

}  // namespace posecu
