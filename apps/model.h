// MODEL of the command line: a run folder (its best checkpoint) or a weights file, and the configuration that belongs
// to it.
#pragma once

#include <optional>
#include <string>

#include "apps/arguments.h"
#include "apps/config.h"
#include "apps/weights_options.h"
#include "core/context.h"
#include "core/parameters.h"
#include "core/safetensors.h"
#include "data/skeleton.h"
#include "models/network.h"

namespace posecu {

inline constexpr OptionHelp kConfigOption{"--config", "CONFIG",
                                          "Configuration, where the weights file carries none or another is wanted."};

struct ResolvedModel {
  Safetensors weights;  // under their official names
  NameMap names;        // how they are called in the file
  WeightsLimits limits;
  NetworkOptions network;                // recognised from the weights' names and shapes
  Config config;                         // the file's metadata, then CONFIG, then key=value
  std::optional<std::string> chosen_on;  // "coco val2017": where the checkpoint was the best of its training
};

// Throws InputError when there are no weights at `path`, UsageError when the configuration speaks of another network
// than the weights.
ResolvedModel resolve_model(const std::string& path, const std::optional<std::string>& config,
                            std::span<const std::string> overrides, const WeightsLimits& limits = {});

// What CONFIG or key=value say (data.skeleton, data.dataset); where they say nothing, the skeleton that the weights
// were trained with, which their metadata hold. Throws UsageError when it has another number of keypoints than the
// network.
Skeleton skeleton_of(const ResolvedModel& model);

// A network with the model's weights, ready for inference.
class LoadedNetwork {
 public:
  LoadedNetwork(Context& context, const ResolvedModel& model);
  Network& network() { return network_; }
  const std::string& coverage() const { return coverage_; }  // for a message

 private:
  std::string coverage_;
  Parameters parameters_;
  Network network_;
};

}  // namespace posecu
