// Batch normalisation over N, H, W of an NHWC tensor with what follows it in residual blocks: y = activation(bn(x) +
// r).
//
//   training    bn(x) = gamma * (x - mean) * inv_std + beta     inv_std = 1 / sqrt(var + eps), var over count (biased)
//               running <- (1 - momentum) * running + momentum * batch,  running_var from the unbiased variance
//   inference   bn(x) = x * scale + shift, by the running statistics
//   backward    dz = dy where y > 0 (relu), else dy            dr = dz
//               dgamma += sum dz * x_hat      dbeta += sum dz      x_hat = (x - mean) * inv_std
//               dx = gamma * inv_std * (dz - mean(dz) - x_hat * mean(dz * x_hat))
//
// Names, defaults and rounding of the running variance are PyTorch's BatchNorm2d: eps 1e-5, momentum 0.1.
#pragma once

#include <string>

#include "core/parameters.h"
#include "kernels/batch_norm.h"

namespace posecu {

// T is what the tensors store; statistics, parameters and their gradients are float.
template <class T>
class BatchNorm {
 public:
  // Registers `name`.weight (gamma), .bias (beta), .running_mean, .running_var, each [C].
  BatchNorm(Parameters& parameters, const std::string& name, int channels, const BatchNormOptions& options = {});

  // x, residual [N,H,W,C] -> y [N,H,W,C]. Keeps x; y must live until backward when the activation is relu.
  Tensor<T> forward_training(Context& context, Tensor<T> x, View<const T> residual = {});

  // dy -> dx, which may be dy itself; dgamma and dbeta are added to. Frees what forward_training kept. The gradient of
  // the residual is written to `dresidual`, if wanted.
  void backward(Context& context, View<T> dx, View<const T> dy, View<T> dresidual = {});

  // y = activation(bn(x)) by the running statistics, in the memory of x.
  Tensor<T> forward_inference(Context& context, Tensor<T> x) const;

  // bn(x) = x * scale + shift by the running statistics; both [C].
  void running_scale_and_shift(Context& context, View<float> scale, View<float> shift) const;

 private:
  BatchNormShape matrix(const Shape& x) const;

  BatchNormOptions options_;
  Parameter *gamma_, *beta_, *running_mean_, *running_var_;
  Tensor<T> x_;                   // [N,H,W,C], kept for backward
  View<const T> y_;               // likewise, with relu
  Tensor<float> mean_, inv_std_;  // [C], likewise
};

}  // namespace posecu
