#include "apps/training_options.h"

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

TrainOptions train_options(const Config& config) {
  const int steps = config.integer("train.steps"), epochs = config.integer("train.epochs");
  if (steps == 0 && epochs == 0)
    throw UsageError(
        "neither train.steps nor train.epochs is set: how long shall the training be?\n  try: train.epochs=300");
  TrainOptions options;
  options.unit = steps > 0 ? TrainUnit::steps : TrainUnit::epochs;
  options.length = std::max(steps, epochs);
  for (const int milestone : config.integers("train.milestones")) options.milestones.push_back(milestone);
  options.eval_every = config.integer("train.eval_every");
  options.save_every = config.integer("train.save_every");
  options.accumulate = config.integer("train.accumulate");
  options.keep = config.integer("train.keep");
  options.adam.lr = config.number("train.lr");
  options.gamma = config.number("train.gamma");
  options.warmup_steps = config.integer("train.warmup_steps");
  options.warmup_ratio = config.number("train.warmup_ratio");
  return options;
}

}  // namespace posecu
