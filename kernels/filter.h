// Filters between the parameters' layout, PyTorch's [out,in,k,k] in float, and [out,k,k,in] in the type that
// activations have, which convolutions on the GPU read and write.
#pragma once

#include "core/context.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

struct FilterShape {
  int out = 0, in = 0;
  int taps = 1;  // k*k
};

// packed [out,taps,in] = scale[out] * weight [out,in,taps]; a null scale is 1.
template <class T>
void pack_filter(const Stream& stream, T* packed, const float* weight, const float* scale, FilterShape shape,
                 LaunchOptions launch_options = {});

// dweight [out,in,taps] += packed [out,taps,in].
template <class T>
void accumulate_filter_gradient(const Stream& stream, float* dweight, const T* packed, FilterShape shape,
                                LaunchOptions launch_options = {});

}  // namespace posecu
