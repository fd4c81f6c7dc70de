// HRNet's branch fusion on tensors: y = relu(the sum of the inputs, each enlarged to y's size by repetition).
#pragma once

#include <span>
#include <vector>

#include "core/context.h"

namespace posecu {

// Up to four inputs [N,h,w,C], added from the first to the last; the largest gives y its size, and the sizes of the
// others divide it by 2, 4 or 8.
template <class T>
Tensor<T> fuse_branches(Context& context, std::span<const View<const T>> inputs);

// dy -> the gradient of each input in turn. Inputs of y's own size all have the same gradient: `full`, which is made in
// the memory of dy; theirs in `reduced` is empty.
template <class T>
struct FuseGradients {
  Tensor<T> full;
  std::vector<Tensor<T>> reduced;
};
template <class T>
FuseGradients<T> fuse_branches_backward(Context& context, Tensor<T> dy, View<const T> y, std::span<const Shape> inputs);

}  // namespace posecu
