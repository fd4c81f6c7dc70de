#include "apps/weights_inspect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "apps/weights_options.h"

namespace posecu {
namespace {

using Json = nlohmann::ordered_json;

// Of the values that are numbers.
struct Summary {
  double min = 0, max = 0, mean = 0;
  std::size_t finite = 0, other = 0;
};

// Pieces of a tensor, small enough that their values as doubles cost nothing.
template <class Use>
void for_each_piece(const StoredTensor& tensor, const Use& use) {
  const std::size_t bytes = (std::size_t{1} << 16) * bytes_of(tensor.type);
  for (std::size_t at = 0; at < tensor.bytes.size(); at += bytes)
    use({tensor.name, tensor.type, {}, tensor.bytes.subspan(at, std::min(bytes, tensor.bytes.size() - at))});
}

Summary summarise(const StoredTensor& tensor) {
  Summary s;
  double sum = 0;
  for_each_piece(tensor, [&](const StoredTensor& piece) {
    for (const double value : to_doubles(piece)) {
      if (!std::isfinite(value)) {
        ++s.other;
        continue;
      }
      s.min = s.finite == 0 ? value : std::min(s.min, value);
      s.max = s.finite == 0 ? value : std::max(s.max, value);
      sum += value;
      ++s.finite;
    }
  });
  if (s.finite > 0) s.mean = sum / static_cast<double>(s.finite);
  return s;
}

// What the names and shapes say of the network, and how much of it is there.
struct Found {
  RecognisedNetwork parts;
  std::optional<std::string> network;  // in words; empty: none is recognised
  std::size_t matched = 0;
  std::vector<std::string> missing, other_shape, unused;
};

bool same_shape(const Shape& expected, const std::vector<std::int64_t>& found) {
  if (static_cast<std::size_t>(expected.rank()) != found.size()) return false;
  for (int axis = 0; axis < expected.rank(); ++axis)
    if (expected[axis] != found[static_cast<std::size_t>(axis)]) return false;
  return true;
}

void compare(Found& found, const Safetensors& weights, const NetworkOptions& options) {
  Parameters parameters;
  const Network network(parameters, options);
  for (const Parameter& parameter : parameters.all()) {
    if (!found.parts.head && !parameter.name.starts_with("backbone.")) continue;
    const StoredTensor* tensor = weights.find(parameter.name);
    if (tensor == nullptr) {
      found.missing.push_back(parameter.name);
    } else if (!same_shape(parameter.shape, tensor->shape)) {
      found.other_shape.push_back(parameter.name);
    } else {
      ++found.matched;
    }
  }
  for (const StoredTensor& tensor : weights.tensors())
    if (parameters.find(tensor.name) == nullptr) found.unused.push_back(tensor.name);
}

// The network that fits to the tensors under their official names.
Found find_network(const Safetensors& weights) {
  Found found{.parts = recognise_parts(weights), .network = {}, .missing = {}, .other_shape = {}, .unused = {}};
  const RecognisedNetwork& parts = found.parts;
  const bool backbone =
      parts.width > 0 && parts.blocks > 0 && std::ranges::all_of(parts.modules, [](int m) { return m > 0; });
  const bool bounded = parts.width <= 4096 && parts.blocks <= 1024 &&
                       std::ranges::all_of(parts.modules, [](int m) { return m <= 1024; });
  const bool head = parts.head && parts.keypoints > 0 && parts.embedding_dim > 0;
  if (!backbone || !bounded) return found;
  if (!head) found.parts.head.reset();
  compare(found, weights,
          {head ? *parts.head : Head::hrnet, parts.width, parts.blocks, parts.modules, head ? parts.keypoints : 1,
           head ? parts.embedding_dim : 1});
  found.network = fmt::format("{}, width {}, blocks {}, modules {}",
                              !head                        ? "HRNet, backbone only"
                              : *parts.head == Head::hrnet ? "HRNet"
                                                           : "HigherHRNet",
                              parts.width, parts.blocks, parts.modules);
  if (head) *found.network += fmt::format(", {} keypoints, embeddings of {}", parts.keypoints, parts.embedding_dim);
  return found;
}

std::map<std::string_view, std::vector<const TensorFate*>> fates_by_source(const NameMap& map) {
  std::map<std::string_view, std::vector<const TensorFate*>> result;
  for (const TensorFate& fate : map.fates) result[fate.source].push_back(&fate);
  return result;
}

// "-> head.hms_pred_layers.weight", "(left out: ...)", or nothing where the name stays.
std::string format_fate(const TensorFate& fate) {
  if (!fate.ignored.empty()) return fmt::format("  (left out: {})", fate.ignored);
  if (fate.name.empty()) return "  (unknown)";
  return fate.name == fate.source ? "" : "  -> " + fate.name;
}

std::string summary_line(const StoredTensor& tensor, const std::vector<const TensorFate*>& fates) {
  const Summary s = summarise(tensor);
  std::string line =
      fmt::format("  {:<60} {:<4} {:<16} {:>12.5g} {:>12.5g} {:>12.5g}", tensor.name, to_string(tensor.type),
                  fmt::format("[{}]", fmt::join(tensor.shape, ",")), s.min, s.max, s.mean);
  if (s.other > 0) line += fmt::format("  {} not finite", s.other);
  for (const TensorFate* fate : fates) line += format_fate(*fate);
  return line + '\n';
}

std::size_t values_of(const Safetensors& tensors) {
  std::size_t values = 0;
  for (const StoredTensor& tensor : tensors.tensors()) values += tensor.elements();
  return values;
}

// Under its official names; the file's own tensors stay where they are.
Safetensors official_view(const WeightsFile& file) {
  return carry_over(Safetensors(file.tensors.path(), {}, file.tensors.tensors(), file.tensors.metadata()), file.map);
}

}  // namespace

std::string inspect_text(const WeightsFile& file) {
  const Found found = find_network(official_view(file));
  std::string text = fmt::format("file      {}\nformat    {}\nnames     {}\n", file.tensors.path(),
                                 to_string(file.format), to_string(file.map.family));
  if (!file.map.remark.empty()) text += fmt::format("          {}\n", file.map.remark);
  text += fmt::format("network   {}\n", found.network.value_or("none of those that posecu has"));
  if (found.network)
    text += fmt::format("coverage  {} tensors matched, {} missing, {} of another shape, {} unused\n", found.matched,
                        found.missing.size(), found.other_shape.size(), found.unused.size());
  for (const std::string& name : found.missing) text += fmt::format("          missing: {}\n", name);
  for (const std::string& name : found.other_shape) text += fmt::format("          of another shape: {}\n", name);
  for (const std::string& name : found.unused) text += fmt::format("          unused: {}\n", name);
  for (const std::string& line : left_out(file.map)) text += fmt::format("          left out: {}\n", line);
  text += fmt::format("tensors   {} with {} values\nchecksum  {}\n\n", file.tensors.tensors().size(),
                      values_of(file.tensors), content_checksum(file.tensors.tensors(), {}));
  text += fmt::format("  {:<60} {:<4} {:<16} {:>12} {:>12} {:>12}\n", "name", "type", "shape", "min", "max", "mean");
  const auto fates = fates_by_source(file.map);
  for (const StoredTensor& tensor : file.tensors.tensors()) text += summary_line(tensor, fates.at(tensor.name));
  return text;
}

std::string inspect_json(const WeightsFile& file) {
  const Found found = find_network(official_view(file));
  Json json{{"file", file.tensors.path()},
            {"format", to_string(file.format)},
            {"names", to_string(file.map.family)},
            {"remark", file.map.remark},
            {"network", nullptr},
            {"checksum", content_checksum(file.tensors.tensors(), {})},
            {"left_out", left_out(file.map)}};
  if (found.network) {
    const RecognisedNetwork& p = found.parts;
    json["network"] = {{"head", nullptr}, {"width", p.width}, {"blocks", p.blocks}, {"modules", p.modules}};
    if (p.head) json["network"]["head"] = *p.head == Head::hrnet ? "hrnet" : "higherhrnet";
    if (p.head) json["network"].update({{"keypoints", p.keypoints}, {"embedding_dim", p.embedding_dim}});
    json["coverage"] = {{"matched", found.matched},
                        {"missing", found.missing},
                        {"other_shape", found.other_shape},
                        {"unused", found.unused}};
  }
  const auto fates = fates_by_source(file.map);
  json["tensors"] = Json::array();
  for (const StoredTensor& tensor : file.tensors.tensors()) {
    const Summary s = summarise(tensor);
    Json row{{"name", tensor.name},   {"type", to_string(tensor.type)},
             {"shape", tensor.shape}, {"min", s.min},
             {"max", s.max},          {"mean", s.mean},
             {"not_finite", s.other}, {"official", Json::array()}};
    for (const TensorFate* fate : fates.at(tensor.name))
      if (!fate->name.empty()) row["official"].push_back(fate->name);
    json["tensors"].push_back(std::move(row));
  }
  return json.dump(2);
}

}  // namespace posecu
