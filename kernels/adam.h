// One update of all parameters by Adam (Kingma & Ba 2015), in the order of operations of torch.optim.Adam.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/context.h"
#include "kernels/runtime/launch_options.h"
#include "kernels/step_state.h"

namespace posecu {

struct AdamRule {
  double learning_rate = 1.5e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  std::int64_t step = 1;  // of this update, counted from 1
};

AdamFactors adam_factors(const AdamRule& rule);

// Over n elements, updated in place: parameters, first moments m, second moments v. Both moments are 0 before step 1.
// Gradients are loss_scale times what they stand for. Nothing changes where the state is not finite.
void adam_update(const Stream& stream, float* parameters, float* m, float* v, const float* gradients, std::size_t n,
                 const StepState* state, LaunchOptions launch = {});

}  // namespace posecu
