// Adam (Kingma & Ba 2015) in PyTorch's arithmetic, over all parameters at once: one kernel reads and writes the flat
// buffers of core/parameters.h. Weight decay is 0, as in the official training.
#pragma once

#include <cstdint>

#include "core/context.h"
#include "core/parameters.h"
#include "kernels/step_state.h"

namespace posecu {

struct AdamOptions {
  double lr = 1.5e-3;  // base rate: training/schedule.h makes each step's rate from it
  double beta1 = 0.9, beta2 = 0.999;
  double eps = 1e-8;
};

class Adam {
 public:
  // `parameters` must be allocated with gradients, and outlive this object. Moments begin at 0.
  Adam(Context& context, Parameters& parameters, const AdamOptions& options);

  // What the next update multiplies with.
  AdamFactors next_factors(double lr) const;

  // Updates every trained parameter from its gradient, where the state on the device says so. Whoever learns that it
  // did counts it.
  void update(Context& context, View<const StepState> state);
  void count_update() { ++updates_; }

  // State that a checkpoint keeps: updates done, and the moments laid out like Parameters::trained().
  std::int64_t updates() const { return updates_; }
  View<float> first_moments() const { return first_.view(); }
  View<float> second_moments() const { return second_.view(); }
  void restore_updates(std::int64_t updates) { updates_ = updates; }

 private:
  Parameters& parameters_;
  AdamOptions options_;
  Tensor<float> first_, second_;
  std::int64_t updates_ = 0;
};

}  // namespace posecu
