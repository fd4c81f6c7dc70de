// The parts of the data set that the configuration names.
#pragma once

#include "apps/config.h"
#include "data/annotations.h"

namespace posecu {

// Both throw UsageError when the key that names the part, or data.root, is empty.
DataSet read_train_set(const Config& config);
DataSet read_val_set(const Config& config);

}  // namespace posecu
