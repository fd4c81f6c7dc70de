#include "training/step.h"

#include <vector>

#include "core/error.h"
#include "core/profile.h"
#include "kernels/gradient_norm.h"

namespace posecu {

TrainingStep::TrainingStep(Context& context, Network& network, Parameters& parameters, const Losses& losses, Adam& adam,
                           int passes)
    : network_(network),
      parameters_(parameters),
      losses_(losses),
      adam_(adam),
      passes_(passes),
      loss_scale_(initial_loss_scale(network.precision())),
      pass_(context),
      update_(context) {
  require(passes >= 1, "a step has at least one pass");
  state_ = context.tensor<StepState>({1}, MemoryClass::optimizer);
  pass_losses_ = context.tensor<double>({Losses::kUnweighted}, MemoryClass::optimizer);
  step_losses_ = context.tensor<double>({passes, Losses::kUnweighted}, MemoryClass::optimizer);
  statistics_ = context.tensor<float>(parameters.running_statistics().shape(), MemoryClass::optimizer);
  const std::size_t scratch = gradient_norm_scratch(parameters.gradients().elements());
  norm_scratch_ = context.tensor<double>({static_cast<int>(scratch)}, MemoryClass::optimizer);
}

void TrainingStep::begin(Context& context, double lr) {
  done_ = 0;
  const StepState state{.adam = adam_.next_factors(lr), .loss_scale = loss_scale_ ? loss_scale_->value : 1};
  context.upload<StepState>(state_, {&state, 1});
  parameters_.clear_gradients();
  context.copy<float>(statistics_, parameters_.running_statistics());
}

void TrainingStep::add_pass(Context& context, View<const float> images, const DeviceTargets& targets) {
  require(done_ < passes_, "a step has more passes than it was made for");
  if (PassInputs inputs = inputs_of(images, targets); inputs != inputs_) {
    pass_.forget();
    inputs_ = std::move(inputs);
  }
  pass_.run([&] { run_pass(context, images, targets); });
  context.copy(View<double>(step_losses_.data() + done_ * Losses::kUnweighted, {Losses::kUnweighted}), pass_losses_);
  ++done_;
}

TrainingStep::PassInputs TrainingStep::inputs_of(View<const float> images, const DeviceTargets& targets) {
  PassInputs inputs{images.shape(), {images.data(), targets.first_person.data(), targets.scales.data()}};
  for (const DeviceTargets::Resolution& labels : targets.resolutions)
    inputs.places.insert(inputs.places.end(), {labels.keypoints.data(), labels.masks.data()});
  return inputs;
}

void TrainingStep::run_pass(Context& context, View<const float> images, const DeviceTargets& targets) {
  NetworkMaps maps = network_.forward_training(context, images);
  NetworkMaps gradients;
  gradients.low = context.tensor<float>(maps.low.shape());
  if (!maps.high.empty()) gradients.high = context.tensor<float>(maps.high.shape());
  gradients.embeddings = context.tensor<float>(maps.embeddings.shape());
  losses_.forward_backward(context, pass_losses_, targets, {maps.low, maps.high, maps.embeddings},
                           {gradients.low, gradients.high, gradients.embeddings}, 1.0 / passes_);
  maps = {};  // backward does not read them
  if (loss_scale_) scale_loss(context, gradients);
  network_.backward(context, std::move(gradients));
}

void TrainingStep::scale_loss(Context& context, const NetworkMaps& gradients) {
  for (const Tensor<float>* gradient : {&gradients.low, &gradients.high, &gradients.embeddings}) {
    posecu::scale_loss(context.stream(), gradient->data(), state_.data(), gradient->elements());
  }
}

StepResult TrainingStep::finish(Context& context) {
  require(done_ == passes_, "a step ended before its last pass");
  update_.run([&] {
    measure_gradients(context);
    decide(context);
    adam_.update(context, state_);
    const View<float> statistics = parameters_.running_statistics();
    restore_unless_finite(context.stream(), statistics.data(), statistics_.data(), state_.data(),
                          statistics.elements());
  });
  return read_result(context);
}

void TrainingStep::forget_recordings() {
  pass_.forget();
  update_.forget();
}

void TrainingStep::measure_gradients(Context& context) {
  const View<const float> gradients = parameters_.gradients();
  const Measured measured(context, [&] {
    return Work{"gradient norm", describe_map(gradients.shape()),
                static_cast<double>(gradients.elements() * sizeof(float)), 0};
  });
  gradient_norm(context.stream(), &state_.data()->gradient_norm, norm_scratch_.data(), gradients.data(),
                gradients.elements());
}

void TrainingStep::decide(Context& context) {
  const View<const float> statistics = parameters_.running_statistics();
  decide_step(context.stream(), state_.data(),
              {.losses = step_losses_.data(),
               .loss_count = static_cast<int>(step_losses_.elements()),
               .statistics = statistics.data(),
               .statistic_count = statistics.elements()});
}

StepResult TrainingStep::read_result(Context& context) {
  StepResult result{.outcome = StepOutcome::updated, .losses = mean_losses(context)};
  if (context.dry_run()) return result;
  const StepState state = context.download<StepState>(state_).front();
  result.gradient_norm = state.gradient_norm / static_cast<double>(state.loss_scale);
  result.loss_scale = state.loss_scale;
  if (state.finite == 1) {
    adam_.count_update();
  } else {
    const bool too_large = state.forward_finite == 1 && state.loss_scale > 1;
    result.outcome = too_large ? StepOutcome::overflowed : StepOutcome::skipped;
  }
  if (loss_scale_) loss_scale_ = next_loss_scale(*loss_scale_, state.finite == 1 ? Overflow::no : Overflow::yes);
  return result;
}

LossValues TrainingStep::mean_losses(Context& context) const {
  const std::vector<double> unweighted = context.download<double>(step_losses_);
  LossValues sum;
  for (auto at = unweighted.begin(); at != unweighted.end(); at += Losses::kUnweighted) {
    const LossValues more = losses_.weighted({at, Losses::kUnweighted});
    sum = {sum.heatmap + more.heatmap, sum.pull + more.pull, sum.push + more.push, sum.scale + more.scale};
  }
  const double n = passes_;
  return {sum.heatmap / n, sum.pull / n, sum.push / n, sum.scale / n};
}

}  // namespace posecu
