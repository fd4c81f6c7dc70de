// The maps of a golden decode case: made by the formula of tests/goldens/README.md (decode), or read where stored.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/context.h"
#include "pose/aggregate.h"

namespace posecu {

struct GoldenSource {
  int sides = 0, height = 0, width = 0, tag_height = 0, tag_width = 0, keypoints = 0, dims = 0;
  std::vector<float> heatmaps;    // [sides,K,h,w], as the README numbers them
  std::vector<float> embeddings;  // [sides,K,h',w',M]
};

GoldenSource golden_source(const nlohmann::json& settings, const std::filesystem::path& folder, int number);

// The same maps as the network would give them: [sides,h,w,K] and [sides,h',w',K*M].
struct SourceTensors {
  Tensor<float> heatmaps, embeddings;
  SourceTensors(Context& context, const GoldenSource& source);
};

}  // namespace posecu
