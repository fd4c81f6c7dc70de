// What a training step knows on the device: numbers that the host writes before it, and whether it counts. So nothing
// has to come back to the host while a step runs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/context.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

// Of one update by Adam; kernels/adam.h makes them.
struct AdamFactors {
  float toward_gradient, keep_square, take_square;  // 1-beta1, beta2, 1-beta2
  float step_size, deviation_divisor, eps;          // lr / (1-beta1^t), sqrt(1-beta2^t)
};

struct StepState {
  AdamFactors adam{};               // written by the host
  float loss_scale = 1;             // likewise: what gradients in memory are multiplied with, a power of 2
  double gradient_norm = 0;         // L2, of the gradients as they are in memory
  std::int32_t forward_finite = 0;  // 1: all losses and running statistics are finite
  std::int32_t finite = 0;          // 1: so is the norm, and the update takes place
};

// gradient *= state's loss_scale, over n elements.
void scale_loss(const Stream& stream, float* gradient, const StepState* state, std::size_t n,
                LaunchOptions launch_options = {});

// What must be finite for the step to count, beside the state's gradient_norm.
struct StepCheck {
  const double* losses;
  int loss_count;
  const float* statistics;
  std::size_t statistic_count;
};

// Writes state's `forward_finite` and `finite`.
void decide_step(const Stream& stream, StepState* state, const StepCheck& check, LaunchOptions launch_options = {});

// values = kept where the step does not count, over n elements.
void restore_unless_finite(const Stream& stream, float* values, const float* kept, const StepState* state,
                           std::size_t n, LaunchOptions launch_options = {});

}  // namespace posecu
