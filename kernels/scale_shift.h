// Batch norm by its running statistics: a factor and a summand for each channel, which a convolution takes in or
// scale_shift applies, with ReLU.
#pragma once

#include "core/context.h"
#include "kernels/batch_norm.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

// y[r,c] = activation(scale[c] * x[r,c] + shift[c]), over [rows,C]. y may be x.
template <class T>
void scale_shift(const Stream& stream, T* y, const T* x, const float* scale, const float* shift, BatchNormShape shape,
                 Activation activation, LaunchOptions launch = {});

// What fold_batch_norm reads, each [C].
struct BatchNormStatistics {
  const float *gamma, *beta, *mean, *var;
};

// scale = gamma / sqrt(var + eps) and shift = beta - mean * scale, both [C].
void fold_batch_norm(const Stream& stream, float* scale, float* shift, const BatchNormStatistics& statistics,
                     int channels, float eps, LaunchOptions launch = {});

}  // namespace posecu
