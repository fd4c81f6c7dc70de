#include "models/weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace posecu {
namespace {

// The first axis of a tensor: of convolutions the outputs. 0: no such tensor.
int outputs_of(const Safetensors& weights, const std::string& name) {
  const StoredTensor* tensor = weights.find(name);
  return tensor == nullptr || tensor->shape.empty() ? 0 : static_cast<int>(tensor->shape[0]);
}

// How many of before0after, before1after, ... there are.
int count(const Safetensors& weights, const std::string& before, const std::string& after) {
  int result = 0;
  while (weights.contains(before + std::to_string(result) + after)) ++result;
  return result;
}

std::string heatmaps_of(Head head) {
  return head == Head::hrnet ? "head.hms_pred_layers.weight" : "head.hms_pred_layers.0.weight";
}

bool same_shape(const Shape& expected, const std::vector<std::int64_t>& found) {
  if (static_cast<std::size_t>(expected.rank()) != found.size()) return false;
  for (int axis = 0; axis < expected.rank(); ++axis) {
    if (expected[axis] != found[static_cast<std::size_t>(axis)]) return false;
  }
  return true;
}

// What is wanted and what there is, where a user can choose: "model.width=32".
struct Difference {
  std::string wanted, found, remedy;
};

int size_of(const Parameters& parameters, const std::string& name) {
  const Parameter* parameter = parameters.find(name);
  return parameter == nullptr ? 0 : parameter->shape[0];
}

Difference explain(const Parameters& parameters, const Safetensors& weights) {
  const RecognisedNetwork file = recognise_parts(weights);
  const int width = size_of(parameters, "backbone.transition1.0.0.weight");
  if (file.width > 0 && file.width != width) {
    return {fmt::format("model.width = {}", width), fmt::format("these are weights of width {}", file.width),
            fmt::format("model.width={}", file.width)};
  }
  if (!file.head) return {};
  const int keypoints =
      std::max(size_of(parameters, heatmaps_of(Head::hrnet)), size_of(parameters, heatmaps_of(Head::higherhrnet)));
  if (keypoints > 0 && file.keypoints != keypoints) {
    return {fmt::format("{} keypoints", keypoints), fmt::format("these are weights for {} keypoints", file.keypoints),
            "data of that skeleton, or model.init_partial=true to take the backbone only"};
  }
  const int embedding_dim = keypoints > 0 ? size_of(parameters, "head.tms_pred_layers.weight") / keypoints : 0;
  if (embedding_dim > 0 && file.embedding_dim != embedding_dim) {
    return {fmt::format("model.embedding_dim = {}", embedding_dim),
            fmt::format("these are weights of embedding_dim {}", file.embedding_dim),
            fmt::format("model.embedding_dim={}", file.embedding_dim)};
  }
  return {};
}

[[noreturn]] void report_shape(const Parameters& parameters, const Safetensors& weights, const Parameter& parameter,
                               const StoredTensor& tensor) {
  const Difference difference = explain(parameters, weights);
  std::string problem =
      fmt::format("\n  expected {}{}, found [{}]{}", to_string(parameter.shape),
                  difference.wanted.empty() ? "" : " (" + difference.wanted + ")", fmt::join(tensor.shape, ","),
                  difference.found.empty() ? "" : ": " + difference.found);
  if (!difference.remedy.empty()) problem += "\n  try: " + difference.remedy;
  throw InputError(weights.path(), "parameter " + parameter.name, problem);
}

bool of_backbone(const std::string& name) { return name.starts_with("backbone."); }

// Plays no part here: PyTorch's own counter of batches, and the optimiser's state, which a checkpoint holds too.
bool ignored(const std::string& name) {
  return name.ends_with(".num_batches_tracked") || name.starts_with("optimizer.");
}

void check_values(const std::string& path, const std::string& name, const std::vector<float>& values) {
  const bool variance = name.ends_with(".running_var");
  const auto wrong =
      std::ranges::find_if(values, [variance](float v) { return !std::isfinite(v) || (variance && v < 0); });
  if (wrong == values.end()) return;
  throw InputError(path, "parameter " + name,
                   fmt::format("element {} is {}{}: a damaged file, or one of a training that went wrong\n"
                               "  try: --allow-non-finite to take it all the same",
                               wrong - values.begin(), *wrong, std::isfinite(*wrong) ? ", and a variance" : ""));
}

void check(const LoadReport& report, const Safetensors& weights, LoadMode mode) {
  if (report.matched.empty()) {
    throw InputError(weights.path(), "",
                     "holds none of the network's parameters, which have names like backbone.conv1.weight");
  }
  const auto missing = std::ranges::find_if(report.missing, [&](const std::string& name) {
    return mode == LoadMode::whole || (mode == LoadMode::initial && of_backbone(name));
  });
  if (missing == report.missing.end()) return;
  throw InputError(weights.path(), "parameter " + *missing,
                   fmt::format("missing\n  {} of the network's parameters are in the file, {} are missing{}",
                               report.matched.size(), report.missing.size(),
                               mode == LoadMode::initial ? "\n  try: model.init_partial=true to accept a part" : ""));
}

}  // namespace

RecognisedNetwork recognise_parts(const Safetensors& weights) {
  RecognisedNetwork result;
  result.width = outputs_of(weights, "backbone.transition1.0.0.weight");
  result.blocks = count(weights, "backbone.layer1.", ".conv1.weight");
  for (std::size_t stage = 0; stage < result.modules.size(); ++stage) {
    result.modules[stage] = count(weights, fmt::format("backbone.stage{}.", stage + 2), ".branches.0.0.conv1.weight");
  }
  for (const Head head : {Head::hrnet, Head::higherhrnet}) {
    if (!weights.contains(heatmaps_of(head))) continue;
    result.head = head;
    result.keypoints = outputs_of(weights, heatmaps_of(head));
    const int embeddings = outputs_of(weights, "head.tms_pred_layers.weight");
    result.embedding_dim = result.keypoints > 0 ? embeddings / result.keypoints : 0;
  }
  return result;
}

NetworkOptions recognise_network(const Safetensors& weights) {
  const RecognisedNetwork parts = recognise_parts(weights);
  const auto need = [&](bool there, std::string_view what) {
    if (!there) {
      throw InputError(weights.path(), "",
                       fmt::format("these are not the weights of an HRNet or HigherHRNet: {} missing", what));
    }
  };
  need(parts.width > 0, "backbone.transition1.0.0.weight is");
  need(parts.blocks > 0, "backbone.layer1.0.conv1.weight is");
  for (std::size_t stage = 0; stage < parts.modules.size(); ++stage) {
    need(parts.modules[stage] > 0, fmt::format("backbone.stage{}.0.branches.0.0.conv1.weight is", stage + 2));
  }
  need(parts.head.has_value(), "the head (head.hms_pred_layers...) is");
  need(parts.keypoints > 0 && parts.embedding_dim > 0, "head.tms_pred_layers.weight is");
  return {*parts.head, parts.width, parts.blocks, parts.modules, parts.keypoints, parts.embedding_dim};
}

LoadReport load_weights(Parameters& parameters, const Safetensors& weights, const LoadOptions& options) {
  const bool both_known = !options.file_keypoints.empty() && !options.network_keypoints.empty();
  const KeypointRows rows =
      both_known ? KeypointRows(options.file_keypoints, options.network_keypoints) : KeypointRows();
  LoadReport report{{}, {}, {}, rows.keypoints()};
  for (const Parameter& parameter : parameters.all()) {
    const StoredTensor* tensor = weights.find(parameter.name);
    const bool fits =
        tensor != nullptr && (same_shape(parameter.shape, tensor->shape) || rows.covers(parameter, *tensor));
    if (tensor != nullptr && !fits && options.mode != LoadMode::partial) {
      report_shape(parameters, weights, parameter, *tensor);
    }
    (fits ? report.matched : report.missing).push_back(parameter.name);
  }
  for (const StoredTensor& tensor : weights.tensors()) {
    if (parameters.find(tensor.name) == nullptr && !ignored(tensor.name)) report.unused.push_back(tensor.name);
  }
  check(report, weights, options.mode);
  for (const std::string& name : report.matched) {  // all are looked at before any is replaced
    const std::vector<float> values = weights.floats(name);
    if (options.non_finite == NonFinite::refuse) check_values(weights.path(), name, values);
  }
  for (const std::string& name : report.matched) {
    const Parameter& parameter = *parameters.find(name);
    std::vector<float> values = weights.floats(name);
    if (rows.covers(parameter, weights.at(name))) {
      std::vector<float> merged = parameters.get(parameter);
      rows.carry(merged, values, parameter);
      values = std::move(merged);
    }
    parameters.set(parameter, values);
  }
  return report;
}

LoadReport load_weights(Parameters& parameters, const Safetensors& weights, LoadMode mode) {
  return load_weights(parameters, weights, LoadOptions{.mode = mode});
}

}  // namespace posecu
