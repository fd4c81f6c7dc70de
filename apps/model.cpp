#include "apps/model.h"

#include <fmt/format.h>

#include <filesystem>

#include "apps/data_sets.h"
#include "apps/skeleton_toml.h"
#include "apps/training_options.h"
#include "core/error.h"
#include "models/weights.h"
#include "training/checkpoint.h"
#include "training/run_folder.h"

namespace posecu {
namespace {

WeightsFile read_weights(const std::string& path, const WeightsLimits& limits) {
  if (is_run_folder(path)) return read_weights_file(checkpoint_of_run(path), limits.max_bytes);
  if (std::filesystem::is_directory(path))
    throw InputError(path, "", "neither a weights file nor a run folder: it holds no config.toml");
  if (!std::filesystem::exists(path))
    throw InputError(path, "", "no such file: expected a run folder, or weights as safetensors or .pth");
  return read_weights_file(path, limits.max_bytes);
}

// A head that stays behind is no missing part of a damaged file.
void require_head(const ResolvedModel& model) {
  if (model.names.remark.empty() || recognise_parts(model.weights).head) return;
  throw InputError(model.weights.path(), "",
                   fmt::format("no whole network: {}; {}\n  try: posecu train CONFIG model.init={} --out RUN",
                               to_string(model.names.family), model.names.remark, model.weights.path()));
}

// What the weights say wins over defaults and over the file's own metadata, and must agree with what the user said.
void set_network(Config& config, std::string_view key, ConfigValue value, const std::string& file,
                 std::string_view stored_origin) {
  const bool same = config.value(key) == value;
  if (!same && !config.is_default(key) && config.origin(key).find(stored_origin) != 0)
    throw UsageError(fmt::format("{}: {} = {}, but {} is of a network with {}", config.origin(key), key,
                                 format_value(config.value(key)), file, format_value(value)));
  if (!same) config.set(key, std::move(value), file);
}

void set_network(Config& config, const NetworkOptions& network, const std::string& file, std::string_view stored) {
  const auto set = [&](std::string_view key, ConfigValue value) {
    set_network(config, key, std::move(value), file, stored);
  };
  set("model.head", std::string(network.head == Head::hrnet ? "hrnet" : "higherhrnet"));
  set("model.width", std::int64_t{network.width});
  set("model.blocks", std::int64_t{network.blocks});
  set("model.modules", std::vector<std::int64_t>(network.modules.begin(), network.modules.end()));
  set("model.embedding_dim", std::int64_t{network.embedding_dim});
}

// How messages and origins name a weights file's metadata.
std::string metadata_of(const std::string& file) { return file + " (metadata)"; }

// Whether nobody asked for another skeleton than the one that lies beside the weights.
bool stored_skeleton_counts(const Config& config, const Safetensors& weights) {
  if (!weights.metadata().contains(std::string(kSkeletonKey))) return false;
  const std::string_view key = config.text("data.skeleton").empty() ? "data.dataset" : "data.skeleton";
  return config.is_default(key) || config.origin(key).starts_with(metadata_of(weights.path()));
}

}  // namespace

ResolvedModel resolve_model(const std::string& path, const std::optional<std::string>& config,
                            std::span<const std::string> overrides, const WeightsLimits& limits) {
  WeightsFile weights = read_weights(path, limits);
  NameMap names = weights.map;
  ResolvedModel model{.weights = std::move(weights).official(),
                      .names = std::move(names),
                      .limits = limits,
                      .network = {},
                      .config = {},
                      .chosen_on = {}};
  require_head(model);
  const std::string& file = model.weights.path();
  model.network = recognise_network(model.weights);
  const auto& metadata = model.weights.metadata();
  const std::string stored = metadata_of(file);
  if (const auto text = metadata.find(std::string(kConfigKey)); text != metadata.end()) try {
      read_toml(model.config, text->second, stored);
    } catch (const UsageError& error) {
      throw InputError(file, "metadata", error.what());
    }
  if (std::filesystem::path(file).filename() == "best.safetensors" && !model.config.is_default("data.val"))
    model.chosen_on = fmt::format("{} {}", model.config.text("data.dataset"), model.config.text("data.val"));
  if (config) read_config(model.config, *config);
  apply_overrides(model.config, overrides);
  set_network(model.config, model.network, file, stored);
  check_config(model.config);
  return model;
}

Skeleton skeleton_of(const ResolvedModel& model) {
  Skeleton skeleton =
      stored_skeleton_counts(model.config, model.weights)
          ? parse_skeleton(model.weights.metadata().at(std::string(kSkeletonKey)), metadata_of(model.weights.path()))
          : configured_skeleton(model.config);
  if (skeleton.size() != model.network.keypoints)
    throw UsageError(
        fmt::format("skeleton {} has {} keypoints a person, but {} is of a network with {}\n"
                    "  try: data.skeleton=FILE, or data.dataset={}",
                    skeleton.name, skeleton.size(), model.weights.path(), model.network.keypoints,
                    model.network.keypoints == crowdpose_skeleton().size() ? "crowdpose" : "coco"));
  return skeleton;
}

LoadedNetwork::LoadedNetwork(Context& context, const ResolvedModel& model)
    : network_(parameters_, model.network, precision_of(model.config, "eval.precision", context.device())) {
  parameters_.allocate(context, Parameters::Gradients::none);
  const LoadReport report = load_weights(parameters_, model.weights, {.non_finite = model.limits.non_finite});
  coverage_ = coverage_text(model.weights.path(), model.names, report);
  network_.prepare_inference(context);
}

}  // namespace posecu
