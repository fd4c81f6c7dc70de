// Two-dimensional convolution with PyTorch's weights, of Conv2d's name: `name`.weight [out,in,kernel,kernel] and, if
// wanted, `name`.bias [out]. Formulas: layers/convolution.h.
#pragma once

#include <string>

#include "core/parameters.h"
#include "kernels/batch_norm.h"
#include "layers/batch_norm.h"
#include "layers/convolution.h"

namespace posecu {

template <class T>
class Conv2d {
 public:
  Conv2d(Parameters& parameters, const std::string& name, const ConvolutionSizes& sizes, Bias bias);

  // x [N,H,W,in] -> y [N,H',W',out]. x is not copied: it must live until backward.
  Tensor<T> forward_training(Context& context, View<const T> x);

  // dy -> dx; the gradients of weight and bias are added to. Belongs to the last forward_training.
  Tensor<T> backward(Context& context, View<const T> dy);
  void backward_parameters(Context& context, View<const T> dy);  // where nobody wants dx

  // To be called before inference, and again when the parameters have changed. With a batch norm, inference computes
  // norm(conv(x)) by its running statistics, folded into weights and bias.
  void prepare_inference();
  void prepare_inference(Context& context, const BatchNorm<T>& norm);

  Tensor<T> forward_inference(Context& context, View<const T> x, Activation activation = Activation::none);

  // activation(conv(x) + sum), written over `sum`.
  Tensor<T> forward_inference(Context& context, View<const T> x, Tensor<T> sum, Activation activation);

 private:
  FrozenWeights frozen() const;

  Convolution<T> convolution_;
  Parameter* weight_;
  Parameter* bias_ = nullptr;    // null: none
  View<const T> x_;              // [N,H,W,in], kept for backward
  Tensor<float> scale_, shift_;  // [out], of the folded batch norm
};

}  // namespace posecu
