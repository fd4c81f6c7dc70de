// A factor and a summand for each channel, and ReLU: batch norm by its running statistics, where no convolution can
// take it in.
#pragma once

#include "core/context.h"
#include "kernels/batch_norm.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

// y[r,c] = activation(scale[c] * x[r,c] + shift[c]), over [rows,C]. y may be x.
template <class T>
void scale_shift(const Stream& stream, T* y, const T* x, const float* scale, const float* shift, BatchNormShape shape,
                 Activation activation, LaunchOptions launch = {});

}  // namespace posecu
