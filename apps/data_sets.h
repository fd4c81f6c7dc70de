// The parts of the data set that the configuration names.
#pragma once

#include "apps/config.h"
#include "data/annotations.h"

namespace posecu {

// data.root, which must not be empty.
const std::string& data_root(const Config& config);

// A built-in skeleton, or a TOML file's.
Skeleton skeleton_named(const std::string& name);

// That of data.skeleton; where it is empty, that of data.dataset. Throws UsageError when there is none of that name.
Skeleton configured_skeleton(const Config& config);

// Without the pictures that data.skip_missing lets pass. All throw UsageError when the key that names the part, or
// data.root, is empty.
DataSet read_train_set(const Config& config, const Skeleton& skeleton);
DataSet read_val_set(const Config& config, const Skeleton& skeleton, Labels labels = Labels::required);

// Of configured_skeleton(config).
DataSet read_train_set(const Config& config);
DataSet read_val_set(const Config& config);

}  // namespace posecu
