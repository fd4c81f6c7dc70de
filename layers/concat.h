// Two NHWC tensors of one size side by side along their channels, and the reverse.
#pragma once

#include <utility>

#include "core/context.h"

namespace posecu {

// a [N,H,W,A], b [N,H,W,B] -> [N,H,W,A+B]
template <class T>
Tensor<T> concat(Context& context, View<const T> a, View<const T> b);

// y [N,H,W,C] -> its first `channels` channels, and the others.
template <class T>
std::pair<Tensor<T>, Tensor<T>> split(Context& context, View<const T> y, int channels);

}  // namespace posecu
