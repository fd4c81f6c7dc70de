// One step of training: gradients summed over one or more passes, then one update of the weights.
//
//   begin                clear the gradients, keep a copy of the running statistics
//   add_pass, A times    forward, losses, backward; gradients are of the mean over all passes (scale 1 / A)
//   finish               check, then Adam; or nothing at all, when a loss, a gradient or a statistic is not finite
//
// Batch norm's statistics are those of each pass, as if the passes were steps of their own. All is decided on the
// device (kernels/step_state.h): between begin's upload and what finish reads, nothing waits for the host.
//
// On a GPU a pass is recorded and replayed (core/replay.h), and so is all of finish but the reading. A pass with
// pictures or labels of another shape, or at other places, is recorded anew.
//
// In fp16 gradients are multiplied by a loss scale on their way back, which goes with the steps: training/loss_scale.h.
#pragma once

#include <optional>
#include <vector>

#include "core/context.h"
#include "core/device_targets.h"
#include "core/parameters.h"
#include "core/replay.h"
#include "kernels/step_state.h"
#include "losses/losses.h"
#include "models/network.h"
#include "training/adam.h"
#include "training/loss_scale.h"

namespace posecu {

// But for `updated`, weights, moments and running statistics are those of before the step.
enum class StepOutcome {
  updated,
  skipped,    // values that are not finite
  overflowed  // gradients too large for fp16 at this loss scale, which is halved: nothing to worry about
};

struct StepResult {
  StepOutcome outcome = StepOutcome::updated;
  LossValues losses;         // mean over the passes, before the update
  double gradient_norm = 0;  // L2, of all parameters together
  float loss_scale = 1;      // that the step had
};

class TrainingStep {
 public:
  // All must outlive this object. `passes` of each step: at least 1.
  TrainingStep(Context& context, Network& network, Parameters& parameters, const Losses& losses, Adam& adam,
               int passes);

  void begin(Context& context, double lr);
  // images [N,H,W,3] normalised RGB. Both stand on the device until the step is done.
  void add_pass(Context& context, View<const float> images, const DeviceTargets& targets);
  StepResult finish(Context& context);

  // Gives the memory of what is recorded back; the next steps record it anew.
  void forget_recordings();

  // Of the next step, in fp16: a checkpoint keeps it.
  const std::optional<LossScale>& loss_scale() const { return loss_scale_; }
  void restore_loss_scale(const LossScale& scale) { loss_scale_ = scale; }

 private:
  // What a recorded pass reads.
  struct PassInputs {
    Shape images;
    std::vector<const void*> places;
    bool operator==(const PassInputs&) const = default;
  };
  static PassInputs inputs_of(View<const float> images, const DeviceTargets& targets);

  void run_pass(Context& context, View<const float> images, const DeviceTargets& targets);
  void scale_loss(Context& context, const NetworkMaps& gradients);
  void measure_gradients(Context& context);
  void decide(Context& context);
  StepResult read_result(Context& context);
  LossValues mean_losses(Context& context) const;

  Network& network_;
  Parameters& parameters_;
  const Losses& losses_;
  Adam& adam_;
  int passes_, done_ = 0;
  std::optional<LossScale> loss_scale_;
  Tensor<StepState> state_;
  Tensor<double> pass_losses_;   // [5] of the last pass, unweighted
  Tensor<double> step_losses_;   // [passes,5]
  Tensor<float> statistics_;     // copy of the running statistics
  Tensor<double> norm_scratch_;  // of the gradients' norm
  PassInputs inputs_;
  Replay pass_, update_;
};

}  // namespace posecu
