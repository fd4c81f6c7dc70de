#include "training/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/error.h"
#include "core/safetensors.h"

namespace posecu {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kTrainingKey = "training";

// What a checkpoint consists of: each tensor's name and where it lives in memory, in the order of the file.
struct Entry {
  std::string name;
  View<float> values;
};

std::vector<Entry> entries(const Parameters& parameters, const Adam& adam) {
  std::vector<Entry> result;
  for (const Parameter& parameter : parameters.all()) result.push_back({parameter.name, parameter.value});
  const auto add_moments = [&](std::string_view kind, View<float> moments) {
    for (const Parameter& parameter : parameters.all()) {
      if (parameter.role != ParameterRole::trained) continue;
      const std::ptrdiff_t offset = parameter.value.data() - parameters.trained().data();
      result.push_back(
          {fmt::format("{}{}.{}", kOptimizerPrefix, kind, parameter.name), {moments.data() + offset, parameter.shape}});
    }
  };
  add_moments("exp_avg", adam.first_moments());
  add_moments("exp_avg_sq", adam.second_moments());
  return result;
}

std::vector<std::int64_t> sizes_of(const Shape& shape) {
  std::vector<std::int64_t> sizes;
  for (int axis = 0; axis < shape.rank(); ++axis) sizes.push_back(shape[axis]);
  return sizes;
}

Json to_json(const TrainingState& state, std::int64_t updates) {
  Json json{{"step", state.step},
            {"updates", updates},
            {"epoch", state.epoch},
            {"batch", state.batch},
            {"batches_per_epoch", state.batches_per_epoch},
            {"skipped", state.skipped},
            {"skipped_row", state.skipped_row},
            {"evaluated", state.evaluated == Evaluated::yes},
            {"best_score", nullptr},
            {"best_step", state.best_step},
            {"threads", state.threads}};
  if (state.best_score) json["best_score"] = *state.best_score;
  if (!state.plans.empty()) json["plans"] = state.plans;
  if (state.loss_scale) {
    json["loss_scale"] = {{"value", state.loss_scale->value}, {"good_steps", state.loss_scale->good_steps}};
  }
  return json;
}

struct StoredState {
  TrainingState state;
  std::int64_t updates = 0;
};

StoredState parse_state(const std::string& path, const std::string& text) {
  try {
    const Json json = Json::parse(text);
    const auto number = [&json](const char* key) { return json.at(key).get<std::int64_t>(); };
    TrainingState state{.step = number("step"),
                        .epoch = number("epoch"),
                        .batch = number("batch"),
                        .batches_per_epoch = number("batches_per_epoch"),
                        .skipped = number("skipped"),
                        .skipped_row = number("skipped_row"),
                        .evaluated = json.at("evaluated").get<bool>() ? Evaluated::yes : Evaluated::no,
                        .best_score = {},
                        .best_step = number("best_step"),
                        .threads = json.at("threads").get<int>(),
                        .plans = json.value("plans", std::string())};
    if (!json.at("best_score").is_null()) state.best_score = json.at("best_score").get<double>();
    if (const auto scale = json.find("loss_scale"); scale != json.end()) {
      state.loss_scale = LossScale{scale->at("value").get<float>(), scale->at("good_steps").get<int>()};
    }
    return {state, number("updates")};
  } catch (const Json::exception& error) {
    throw InputError(path, fmt::format("metadata {}", kTrainingKey), error.what());
  }
}

const std::string& metadata_at(const Safetensors& file, std::string_view key) {
  const auto found = file.metadata().find(std::string(key));
  if (found != file.metadata().end()) return found->second;
  throw InputError(file.path(), fmt::format("metadata {}", key),
                   "missing: these are weights, but no checkpoint of posecu that a training could go on from");
}

using TensorsByName = std::map<std::string_view, const StoredTensor*>;

// Safetensors::at walks over all names: with a map, thousands of tensors are read in linear time.
TensorsByName by_name(const Safetensors& file) {
  TensorsByName result;
  for (const StoredTensor& tensor : file.tensors()) result.emplace(tensor.name, &tensor);
  return result;
}

void check_same_network(const Safetensors& file, const TensorsByName& tensors, const std::vector<Entry>& wanted) {
  for (const Entry& entry : wanted) {
    const auto found = tensors.find(entry.name);
    if (found == tensors.end()) throw InputError(file.path(), entry.name, "missing: a checkpoint of another network");
    const StoredTensor& stored = *found->second;
    if (stored.type == DataType::f32 && stored.shape == sizes_of(entry.values.shape())) continue;
    throw InputError(
        file.path(), entry.name,
        fmt::format("expected F32 {}, found {} [{}]: a checkpoint of another network", to_string(entry.values.shape()),
                    to_string(stored.type), fmt::join(stored.shape, ",")));
  }
  if (file.tensors().size() != wanted.size()) {
    throw InputError(file.path(), "",
                     fmt::format("expected {} tensors, found {}: a checkpoint of another network", wanted.size(),
                                 file.tensors().size()));
  }
}

// What went bad since the last step's check, in memory that lies, must not replace what is good.
void check_finite(const Entry& entry, const std::vector<float>& values) {
  if (std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) return;
  throw InputError(
      "training", entry.name,
      "holds a value that is not finite: no checkpoint was written\n  the last one is from before it\n  try: "
      "posecu train --resume");
}

}  // namespace

void write_checkpoint(const std::string& path, const Parameters& parameters, const Adam& adam,
                      const TrainingState& state, const CheckpointTexts& texts) {
  std::vector<StoredTensor> tensors;
  std::deque<std::vector<float>> values;  // what tensors show: a deque never moves its elements
  for (const Entry& entry : entries(parameters, adam)) {
    values.push_back(parameters.context().download<float>(entry.values));
    check_finite(entry, values.back());
    tensors.push_back(
        {entry.name, DataType::f32, sizes_of(entry.values.shape()), std::as_bytes(std::span(values.back()))});
  }
  std::map<std::string, std::string> metadata{{std::string(kConfigKey), texts.config},
                                              {std::string(kSkeletonKey), texts.skeleton},
                                              {kTrainingKey, to_json(state, adam.updates()).dump()}};
  metadata[std::string(kChecksumKey)] = content_checksum(tensors, metadata);
  write_safetensors(path, tensors, metadata);
}

Safetensors read_checkpoint(const std::string& path) {
  Safetensors file = Safetensors::read(path);
  metadata_at(file, kChecksumKey);
  verify_checksum(file);
  parse_state(path, metadata_at(file, kTrainingKey));
  return file;
}

TrainingState restore_checkpoint(const Safetensors& file, Parameters& parameters, Adam& adam) {
  const std::vector<Entry> wanted = entries(parameters, adam);
  const TensorsByName tensors = by_name(file);
  check_same_network(file, tensors, wanted);
  const StoredState stored = parse_state(file.path(), metadata_at(file, kTrainingKey));
  for (const Entry& entry : wanted) {
    const std::span<const std::byte> bytes = tensors.at(entry.name)->bytes;
    std::vector<float> values(entry.values.elements());
    std::memcpy(values.data(), bytes.data(), bytes.size());
    parameters.context().upload(entry.values, values);
  }
  adam.restore_updates(stored.updates);
  return stored.state;
}

}  // namespace posecu
