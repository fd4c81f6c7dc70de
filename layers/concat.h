// Two NHWC tensors of one size side by side along their channels, and the reverse.
#pragma once

#include <utility>

#include "core/context.h"

namespace posecu {

// a [N,H,W,A], b [N,H,W,B] -> [N,H,W,A+B]
Tensor<float> concat(Context& context, View<const float> a, View<const float> b);

// y [N,H,W,C] -> its first `channels` channels, and the others.
std::pair<Tensor<float>, Tensor<float>> split(Context& context, View<const float> y, int channels);

}  // namespace posecu
