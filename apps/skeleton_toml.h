// A skeleton as TOML text: a file that a user writes for other keypoints, and what run folders and checkpoints hold.
#pragma once

#include <string>
#include <string_view>

#include "data/skeleton.h"

namespace posecu {

// Keypoints are named everywhere. `keypoints`, `flip_pairs` and `sigmas` are required; without the others there are no
// edges, the keypoints' own order and one colour for each side. Throws InputError, which names `origin`, the line and
// the list, for anything that does not fit together.
Skeleton parse_skeleton(std::string_view toml, const std::string& origin);

// The same from a file.
Skeleton read_skeleton(const std::string& path);

enum class SkeletonComments { none, explained };
std::string write_toml(const Skeleton& skeleton, SkeletonComments comments = SkeletonComments::none);

}  // namespace posecu
