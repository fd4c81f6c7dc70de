#include "layers/conv_bn.h"

#include <utility>

namespace posecu {

ConvBn::ConvBn(Parameters& parameters, const std::string& conv, const std::string& bn, const ConvolutionSizes& sizes,
               Activation activation)
    : activation_(activation),
      conv_(parameters, conv, sizes, Bias::no),
      bn_(parameters, bn, sizes.out, {.activation = activation}) {}

Tensor<float> ConvBn::forward_training(Context& context, View<const float> x, View<const float> residual) {
  return bn_.forward_training(context, conv_.forward_training(context, x), residual);
}

Tensor<float> ConvBn::backward(Context& context, Tensor<float> dy, View<float> dresidual) {
  bn_.backward(context, dy, dy, dresidual);
  return conv_.backward(context, dy);
}

Tensor<float> ConvBn::backward(Context& context, View<const float> dy) {
  const auto dconv = context.tensor<float>(dy.shape());
  bn_.backward(context, dconv, dy);
  return conv_.backward(context, dconv);
}

void ConvBn::backward_parameters(Context& context, Tensor<float> dy) {
  bn_.backward(context, dy, dy);
  conv_.backward_parameters(context, dy);
}

void ConvBn::prepare_inference(Context& context) { conv_.prepare_inference(context, bn_); }

Tensor<float> ConvBn::forward_inference(Context& context, View<const float> x) {
  return conv_.forward_inference(context, x, activation_);
}

Tensor<float> ConvBn::forward_inference(Context& context, View<const float> x, Tensor<float> residual) {
  return conv_.forward_inference(context, x, std::move(residual), activation_);
}

}  // namespace posecu
