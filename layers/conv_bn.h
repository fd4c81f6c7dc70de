// Convolution, batch norm, sum with a residual and ReLU: y = activation(bn(conv(x)) + residual). What HRNet is made of.
#pragma once

#include <string>

#include "layers/batch_norm.h"
#include "layers/conv2d.h"

namespace posecu {

class ConvBn {
 public:
  // Registers the parameters of `conv` and `bn`, the full names of both ("backbone.layer1.0.conv1", "....bn1").
  ConvBn(Parameters& parameters, const std::string& conv, const std::string& bn, const ConvolutionSizes& sizes,
         Activation activation);

  // x must live until backward, and so must y when the activation is relu.
  Tensor<float> forward_training(Context& context, View<const float> x, View<const float> residual = {});

  // dy -> dx; the gradients of the parameters are added to. The gradient of the residual is written to `dresidual`, if
  // wanted. A dy that is given away is worked on in place.
  Tensor<float> backward(Context& context, Tensor<float> dy, View<float> dresidual = {});
  Tensor<float> backward(Context& context, View<const float> dy);
  void backward_parameters(Context& context, Tensor<float> dy);  // where nobody wants dx

  void prepare_inference(Context& context);  // again when the parameters have changed
  Tensor<float> forward_inference(Context& context, View<const float> x);
  Tensor<float> forward_inference(Context& context, View<const float> x, Tensor<float> residual);  // written over

 private:
  Activation activation_;
  Conv2d conv_;
  BatchNorm bn_;
};

}  // namespace posecu
