// What follows a convolution that does not do it itself: a bias for each channel, a sum, ReLU; and the bias's gradient.
#pragma once

#include <cstddef>

#include "core/context.h"
#include "kernels/batch_norm.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

struct BiasShape {
  int rows = 0;  // N*H*W
  int channels = 0;
};

// y = activation(x + bias + sum), over [rows,C]; bias [C]. Null: no bias, no sum. y may be x or sum.
template <class T>
void add_bias(const Stream& stream, T* y, const T* x, const T* bias, const T* sum, BiasShape shape,
              Activation activation, LaunchOptions launch_options = {});

// dbias [C] += the sums of dy's columns. The workspace has room for bias_gradient_workspace() floats.
std::size_t bias_gradient_workspace(BiasShape shape);
template <class T>
void accumulate_bias_gradient(const Stream& stream, float* dbias, float* workspace, const T* dy, BiasShape shape,
                              LaunchOptions launch_options = {});

}  // namespace posecu
