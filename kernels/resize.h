// Bilinear resize of NHWC tensors, as PyTorch's interpolate(mode="bilinear", align_corners=False).
#pragma once

#include "core/context.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

struct ResizeShape {
  int pictures = 0, channels = 0;
  int height = 0, width = 0;        // of x, [N,height,width,C]
  int to_height = 0, to_width = 0;  // of y, [N,to_height,to_width,C]
};

template <class T>
void resize_bilinear_forward(const Stream& stream, T* y, const T* x, const ResizeShape& shape,
                             LaunchOptions launch_options = {});

// dx [N,height,width,C] is overwritten.
template <class T>
void resize_bilinear_backward(const Stream& stream, T* dx, const T* dy, const ResizeShape& shape,
                              LaunchOptions launch_options = {});

}  // namespace posecu
