#include "apps/initial_weights.h"

#include <fmt/format.h>

#include <utility>

namespace posecu {

std::string load_initial_weights(Parameters& parameters, const Config& config,
                                 const std::vector<std::string>& keypoints, const WeightsLimits& limits) {
  const std::string& path = config.text("model.init");
  if (path.empty()) return "model.init is empty: all weights begin fresh";
  WeightsFile file = read_weights_file(path, limits.max_bytes);
  const NameMap names = file.map;
  const Safetensors weights = std::move(file).official();
  FileKeypoints stored = keypoints_of(weights);
  // Nothing says that as many keypoints without names are others than the network's.
  if (!stored.assumed.empty() && stored.names.size() == keypoints.size()) stored = {};
  const LoadOptions options{.mode = config.boolean("model.init_partial") ? LoadMode::partial : LoadMode::initial,
                            .non_finite = limits.non_finite,
                            .file_keypoints = stored.names,
                            .network_keypoints = keypoints};
  const std::string text = coverage_text(path, names, load_weights(parameters, weights, options));
  return stored.assumed.empty()
             ? text
             : fmt::format("{}\n  the file does not name its keypoints: taken for those of {}", text, stored.assumed);
}

}  // namespace posecu
