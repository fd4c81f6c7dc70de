// One step of training: gradients summed over one or more passes, then one update of the weights.
//
//   begin                clear the gradients, keep a copy of the running statistics
//   add_pass, A times    forward, losses, backward; gradients are of the mean over all passes (scale 1 / A)
//   finish               check, then Adam; or nothing at all, when a loss, a gradient or a statistic is not finite
//
// Batch norm's statistics are those of each pass, as if the passes were steps of their own.
#pragma once

#include <cstdint>

#include "core/context.h"
#include "core/parameters.h"
#include "core/targets.h"
#include "losses/losses.h"
#include "models/network.h"
#include "training/adam.h"

namespace posecu {

enum class StepOutcome {
  updated,
  skipped  // values that are not finite: weights, moments and running statistics are those of before the step
};

struct StepResult {
  StepOutcome outcome = StepOutcome::updated;
  LossValues losses;         // mean over the passes, before the update
  double gradient_norm = 0;  // L2, of all parameters together
};

class TrainingStep {
 public:
  // All must outlive this object. `passes` of each step: at least 1.
  TrainingStep(Context& context, Network& network, Parameters& parameters, const Losses& losses, Adam& adam,
               int passes);

  void begin(Context& context);
  // images [N,H,W,3] normalised RGB. Both must live until it returns.
  void add_pass(Context& context, View<const float> images, const Targets& targets);
  StepResult finish(Context& context, double lr);

 private:
  double gradient_norm(Context& context);
  bool statistics_are_finite() const;

  Network& network_;
  Parameters& parameters_;
  const Losses& losses_;
  Adam& adam_;
  int passes_, done_ = 0;
  LossValues sum_;
  Tensor<float> statistics_;  // copy of the running statistics
  Tensor<double> norm_;       // the gradients' norm, then its scratch
};

}  // namespace posecu
