#include "apps/training_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace posecu {

NetworkOptions network_options(const Config& config, int keypoints) {
  NetworkOptions options;
  options.head = config.text("model.head") == "hrnet" ? Head::hrnet : Head::higherhrnet;
  options.width = config.integer("model.width");
  options.blocks = config.integer("model.blocks");
  std::ranges::copy(config.integers("model.modules"), options.modules.begin());
  options.keypoints = keypoints;
  options.embedding_dim = config.integer("model.embedding_dim");
  return options;
}

LossOptions loss_options(const Config& config) {
  LossOptions options;
  options.formulas = config.text("loss.formulas") == "official" ? Formulas::official : Formulas::paper;
  options.regularisation = config.boolean("loss.regularisation") ? Regularisation::on : Regularisation::off;
  const std::string& targets = config.text("loss.targets");
  if (targets == "fixed") options.targets = TargetScale::fixed;
  if (targets == "instance") options.targets = TargetScale::instance;
  options.focal = config.boolean("loss.focal") ? FocalWeight::on : FocalWeight::off;
  options.theta = config.number("loss.theta");
  options.beta = config.number("loss.beta");
  options.sigma = config.number("loss.sigma");
  options.weights = {.heatmap = config.number("loss.weights.heatmap"),
                     .pull = config.number("loss.weights.pull"),
                     .push = config.number("loss.weights.push"),
                     .scale = config.number("loss.weights.scale")};
  return options;
}

LoaderOptions loader_options(const Config& config, DeviceKind device) {
  const std::vector<double>& scale = config.numbers("data.augment.scale");
  LoaderOptions options;
  options.batch = config.integer("train.batch");
  options.sample.input_size = config.integer("train.input_size");
  options.sample.strides = config.text("model.head") == "hrnet" ? std::vector{4} : std::vector{4, 2};
  options.sample.augment = {.scale = {scale[0], scale[1]},
                            .rotation = config.number("data.augment.rotation"),
                            .translation = config.number("data.augment.translation"),
                            .flip = config.number("data.augment.flip")};
  if (config.boolean("data.tolerate_damage")) options.sample.damaged = DamagedPicture::fill;
  options.sample.seed = static_cast<std::uint64_t>(config.large_integer("train.seed"));
  options.kind = device == DeviceKind::cuda ? BatchKind::raw : BatchKind::finished;
  options.threads = config.integer("data.loader_threads");
  options.remainder = config.boolean("data.drop_last") ? Remainder::drop : Remainder::keep;
  return options;
}

Precision precision_of(const Config& config, const std::string& key, DeviceKind device) {
  const std::string& name = config.text(key);
  if (name == "fp32") return Precision::fp32;
  if (device == DeviceKind::cpu)
    throw UsageError(fmt::format(
        "{0}={1} needs a GPU, and this would run on the CPU\n  try: --device cuda, or {0}=fp32", key, name));
  if (name == "tf32") return Precision::tf32;
  return name == "bf16" ? Precision::bf16 : Precision::fp16;
}

TrainOptions train_options(const Config& config) {
  const int steps = config.integer("train.steps"), epochs = config.integer("train.epochs");
  if (steps == 0 && epochs == 0)
    throw UsageError(
        "neither train.steps nor train.epochs is set: how long shall the training be?\n  try: train.epochs=300");
  TrainOptions options;
  options.adam.lr = config.number("train.lr");
  options.keep = config.integer("train.keep");
  TimetableOptions& timetable = options.timetable;
  timetable.unit = steps > 0 ? TrainUnit::steps : TrainUnit::epochs;
  timetable.length = std::max(steps, epochs);
  for (const int milestone : config.integers("train.milestones")) timetable.milestones.push_back(milestone);
  timetable.eval_every = config.integer("train.eval_every");
  timetable.save_every = config.integer("train.save_every");
  timetable.accumulate = config.integer("train.accumulate");
  timetable.gamma = config.number("train.gamma");
  timetable.warmup_steps = config.integer("train.warmup_steps");
  timetable.warmup_ratio = config.number("train.warmup_ratio");
  if (config.text("train.decay") == "cosine") timetable.decay = Decay::cosine;
  timetable.cosine_end = config.number("train.cosine_end");
  return options;
}

}  // namespace posecu
