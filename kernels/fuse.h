// HRNet's branch fusion: up to four tensors, each at its own resolution, are enlarged by repetition, added and
// rectified in one pass. Formulas, bytes and geometry: fuse.cu and docs/kernels/fuse.md.
#pragma once

#include <array>

#include "core/context.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

inline constexpr int kMaxFused = 4;

struct FuseShape {
  int pictures = 0, height = 0, width = 0, channels = 0;  // of y, [N,H,W,C]
  int inputs = 0;                                         // 1 .. kMaxFused
  // Input i is [N, H/factor, W/factor, C] with factor 1, 2, 4 or 8, in any order; H and W are multiples of each.
  std::array<int, kMaxFused> factors{1, 1, 1, 1};
};

// y[n,h,w,c] = max(sum over i of x_i[n, h/f_i, w/f_i, c], 0), added from the first input to the last.
template <class T>
void fuse_forward(const Stream& stream, T* y, std::array<const T*, kMaxFused> inputs, const FuseShape& shape,
                  LaunchOptions launch_options = {});

// Each input's gradient is overwritten: the sum over its tile of dy where y > 0. Null: not wanted; inputs of factor 1
// have the same gradient, so one of them is enough. A gradient of factor 1 may be dy itself.
template <class T>
void fuse_backward(const Stream& stream, std::array<T*, kMaxFused> gradients, const T* dy, const T* y,
                   const FuseShape& shape, LaunchOptions launch_options = {});

}  // namespace posecu
