// How others name the tensors of these networks, and what each name is here. The family of a file is recognised from
// its names; nothing else about it has to be known.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/safetensors.h"

namespace posecu {

enum class WeightsFamily {
  official,     // names as they are here: "backbone....", "head...."
  training,     // the same in a checkpoint of the official training: "net.backbone....", beside the loss's constant
  hrnet,        // HRNet alone, "conv1...." "stage2....": ImageNet's weights, top-down pose networks
  higherhrnet,  // the HigherHRNet repository: the same with "final_layers...." and "deconv_layers...."
  mmpose_higherhrnet,  // mmpose: "backbone....", "keypoint_head.final_layers....", "keypoint_head.deconv_layers...."
  mmpose_hrnet,        // mmpose: "backbone....", "keypoint_head.final_layer...."
  unknown
};
std::string_view to_string(WeightsFamily family);

// What becomes of a tensor of the file.
struct TensorFate {
  std::string source;   // its name in the file
  std::string name;     // its official name; empty: it is not carried over
  std::string ignored;  // then why, if a rule says so; empty: nobody knows this name
  // The rows of the first axis that are carried over: one convolution gives heatmaps and embeddings there.
  enum class Rows { all, first_half, second_half } rows = Rows::all;
};

struct NameMap {
  WeightsFamily family = WeightsFamily::unknown;
  std::vector<TensorFate> fates;  // in the file's order; a source whose halves go to two places stands there twice
  std::string remark;             // what a user should know; may be empty
};
NameMap map_names(const Safetensors& file);

// The file's tensors under their official names; those that nobody knows keep their own, those that are ignored go.
// Throws InputError when two come to the same name.
Safetensors carry_over(Safetensors file, const NameMap& map);

}  // namespace posecu
