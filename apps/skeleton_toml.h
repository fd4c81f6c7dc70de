// A skeleton as TOML text: what a checkpoint's metadata holds.
#pragma once

#include <string>

#include "data/skeleton.h"

namespace posecu {

std::string write_toml(const Skeleton& skeleton);

}  // namespace posecu
