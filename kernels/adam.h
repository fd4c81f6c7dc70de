// One update of all parameters by Adam (Kingma & Ba 2015), in the order of operations of torch.optim.Adam.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/context.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

struct AdamRule {
  double learning_rate = 1.5e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  std::int64_t step = 1;  // of this update, counted from 1
};

// Over n elements, updated in place: parameters, first moments m, second moments v. Both moments are 0 before step 1.
void adam_update(const Stream& stream, float* parameters, float* m, float* v, const float* gradients, std::size_t n,
                 const AdamRule& rule, LaunchOptions launch = {});

}  // namespace posecu
