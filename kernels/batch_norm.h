// Batch normalisation over the rows of a matrix (the N*H*W pixels of an NHWC tensor), with the residual sum and the
// ReLU that follow it in residual blocks. Formulas, bytes and geometry: batch_norm.cu and docs/kernels/batch_norm.md.
#pragma once

#include <cstddef>

#include "core/context.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

enum class Activation { none, relu };

struct BatchNormShape {
  int rows = 0;      // N*H*W, at least 1
  int channels = 0;  // at least 1; fast when a multiple of 8
};

struct BatchNormOptions {
  float eps = 1e-5f;
  float momentum = 0.1f;
  Activation activation = Activation::none;
};

// Floats of scratch memory that forward and backward need; what it holds is of no use afterwards.
std::size_t batch_norm_workspace(BatchNormShape shape);

// Training: y = activation(gamma * (x - mean) * inv_std + beta + residual). Outputs stand first.
template <class T>
struct BatchNormForward {
  T* y;                 // [rows,C]
  float* mean;          // [C] of this batch, kept for backward
  float* inv_std;       // [C] 1 / sqrt(biased variance + eps), kept for backward
  float* running_mean;  // [C] moved towards the batch's by momentum
  float* running_var;   // [C] likewise, towards the unbiased variance
  float* workspace;
  const T* x;                 // [rows,C]
  const T* residual;          // [rows,C], null: none
  const float *gamma, *beta;  // [C]
};

// dx and dresidual are overwritten, dgamma and dbeta are added to. dx or dresidual may be dy itself.
template <class T>
struct BatchNormBackward {
  T* dx;                  // [rows,C]
  T* dresidual;           // [rows,C], null: not wanted
  float *dgamma, *dbeta;  // [C]
  float* workspace;
  const T* dy;                          // [rows,C]
  const T* y;                           // [rows,C] as forward left it; read with Activation::relu only
  const T* x;                           // [rows,C]
  const float *mean, *inv_std, *gamma;  // [C]
};

// T is float, bfloat16 or float16; statistics, parameters and their gradients are float.
template <class T>
void batch_norm_forward(const Stream& stream, const BatchNormForward<T>& tensors, BatchNormShape shape,
                        const BatchNormOptions& options = {}, LaunchOptions launch_options = {});

template <class T>
void batch_norm_backward(const Stream& stream, const BatchNormBackward<T>& tensors, BatchNormShape shape,
                         const BatchNormOptions& options = {}, LaunchOptions launch_options = {});

}  // namespace posecu
