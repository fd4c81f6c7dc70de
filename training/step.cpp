#include "training/step.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/profile.h"
#include "kernels/gradient_norm.h"

namespace posecu {

TrainingStep::TrainingStep(Context& context, Network& network, Parameters& parameters, const Losses& losses, Adam& adam,
                           int passes)
    : network_(network), parameters_(parameters), losses_(losses), adam_(adam), passes_(passes) {
  require(passes >= 1, "a step has at least one pass");
  statistics_ = context.tensor<float>(parameters.running_statistics().shape(), MemoryClass::optimizer);
  const std::size_t scratch = gradient_norm_scratch(parameters.gradients().elements());
  norm_ = context.tensor<double>({1 + static_cast<int>(scratch)}, MemoryClass::optimizer);
}

void TrainingStep::begin(Context& context) {
  done_ = 0;
  sum_ = {};
  if (context.dry_run()) return;
  parameters_.clear_gradients();
  std::ranges::copy(parameters_.running_statistics(), statistics_.data());
}

void TrainingStep::add_pass(Context& context, View<const float> images, const Targets& targets) {
  NetworkMaps maps = network_.forward_training(context, images);
  NetworkMaps gradients;
  gradients.low = context.tensor<float>(maps.low.shape());
  if (!maps.high.empty()) gradients.high = context.tensor<float>(maps.high.shape());
  gradients.embeddings = context.tensor<float>(maps.embeddings.shape());
  const LossValues values =
      losses_.forward_backward(context, targets, {maps.low, maps.high, maps.embeddings},
                               {gradients.low, gradients.high, gradients.embeddings}, 1.0 / passes_);
  maps = {};  // backward does not read them
  network_.backward(context, std::move(gradients));
  sum_ = {sum_.heatmap + values.heatmap, sum_.pull + values.pull, sum_.push + values.push, sum_.scale + values.scale};
  ++done_;
}

StepResult TrainingStep::finish(Context& context, double lr) {
  require(done_ == passes_, "a step ended before its last pass");
  const double n = passes_;
  StepResult result{.outcome = StepOutcome::updated,
                    .losses = {sum_.heatmap / n, sum_.pull / n, sum_.push / n, sum_.scale / n},
                    .gradient_norm = 0};
  if (context.dry_run()) return result;
  result.gradient_norm = gradient_norm(context);
  const bool finite =
      std::isfinite(result.gradient_norm) && std::isfinite(result.losses.total()) && statistics_are_finite();
  if (finite) {
    adam_.update(context, lr);
  } else {
    result.outcome = StepOutcome::skipped;
    std::ranges::copy(statistics_.view(), parameters_.running_statistics().data());
  }
  return result;
}

double TrainingStep::gradient_norm(Context& context) {
  const View<const float> gradients = parameters_.gradients();
  const Measured measured(context, [&] {
    return Work{"gradient norm", describe_map(gradients.shape()),
                static_cast<double>(gradients.elements() * sizeof(float)), 0};
  });
  posecu::gradient_norm(context.stream(), norm_.data(), norm_.data() + 1, gradients.data(), gradients.elements());
  return *norm_.data();
}

bool TrainingStep::statistics_are_finite() const {
  return std::ranges::all_of(parameters_.running_statistics(), [](float value) { return std::isfinite(value); });
}

}  // namespace posecu
