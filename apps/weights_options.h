// What verbs that read weights files have in common: two options, and what they tell about a file.
#pragma once

#include <cstdint>
#include <string>

#include "apps/arguments.h"
#include "data/skeleton.h"
#include "models/weights.h"
#include "models/weights_file.h"

namespace posecu {

inline constexpr OptionHelp kMaxModelBytesOption{"--max-model-bytes", "N",
                                                 "Refuse weights files larger than this; default 2147483648."};
inline constexpr OptionHelp kAllowNonFiniteOption{"--allow-non-finite", "",
                                                  "Take weights that are NaN or infinite, and negative variances."};

struct WeightsLimits {
  std::uint64_t max_bytes = kMaxModelBytes;
  NonFinite non_finite = NonFinite::refuse;
};
WeightsLimits weights_limits(const Arguments& arguments);  // UsageError for a wrong number

// How many tensors of the file are in the network now and how many are not, which rules left tensors out, the table of
// keypoints if they differ. One line for a file that fits exactly.
std::string coverage_text(const std::string& file, const NameMap& names, const LoadReport& report);

// How many tensors each rule leaves out: "12 a classifier or another task's output".
std::vector<std::string> left_out(const NameMap& names);

// The names of the keypoints that a file's head is for: those of the skeleton in its metadata; without it, those of the
// built-in skeleton with as many, of which `assumed` is the name. Empty when neither says.
struct FileKeypoints {
  std::vector<std::string> names;
  std::string assumed;
};
FileKeypoints keypoints_of(const Safetensors& weights);

}  // namespace posecu
