// Sums of whole tensors.
#pragma once

#include "core/context.h"

namespace posecu {

// sum += x: where the gradients of two branches meet.
void add_to(Context& context, View<float> sum, View<const float> x);

// (a + b) / 2, written over a.
Tensor<float> mean_of(Context& context, Tensor<float> a, View<const float> b);

Tensor<float> copy_of(Context& context, View<const float> x);

}  // namespace posecu
