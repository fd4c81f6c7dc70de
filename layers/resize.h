// Bilinear resize of NHWC tensors, as PyTorch's interpolate(mode="bilinear", align_corners=False).
#pragma once

#include "core/context.h"

namespace posecu {

// x [N,h,w,C] -> [N,height,width,C]
Tensor<float> resize_bilinear(Context& context, View<const float> x, int height, int width);

// dy [N,height,width,C] -> dx [N,h,w,C], of the shape `x`
Tensor<float> resize_bilinear_backward(Context& context, View<const float> dy, const Shape& x);

}  // namespace posecu
