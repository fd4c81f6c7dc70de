// Convolution, batch norm, sum with a residual and ReLU: y = activation(bn(conv(x)) + residual). What HRNet is made of.
#pragma once

#include <string>

#include "layers/batch_norm.h"
#include "layers/conv2d.h"

namespace posecu {

template <class T>
class ConvBn {
 public:
  // Registers the parameters of `conv` and `bn`, the full names of both ("backbone.layer1.0.conv1", "....bn1").
  ConvBn(Parameters& parameters, const std::string& conv, const std::string& bn, const ConvolutionSizes& sizes,
         Activation activation);

  // x must live until backward, and so must y when the activation is relu.
  Tensor<T> forward_training(Context& context, View<const T> x, View<const T> residual = {});

  // dy -> dx; the gradients of the parameters are added to. The gradient of the residual is written to `dresidual`, if
  // wanted. A dy that is given away is worked on in place.
  Tensor<T> backward(Context& context, Tensor<T> dy, View<T> dresidual = {});
  Tensor<T> backward(Context& context, View<const T> dy);
  void backward_parameters(Context& context, Tensor<T> dy);  // where nobody wants dx

  void prepare_inference(Context& context);  // again when the parameters have changed
  Tensor<T> forward_inference(Context& context, View<const T> x);
  Tensor<T> forward_inference(Context& context, View<const T> x, Tensor<T> residual);  // written over

 private:
  Activation activation_;
  Conv2d<T> conv_;
  BatchNorm<T> bn_;
};

}  // namespace posecu
