// Bilinear resize of NHWC tensors, as PyTorch's interpolate(mode="bilinear", align_corners=False).
#pragma once

#include "core/context.h"

namespace posecu {

// x [N,h,w,C] -> [N,height,width,C]
Tensor<float> resize_bilinear(Context& context, View<const float> x, int height, int width);

}  // namespace posecu
