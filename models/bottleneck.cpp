#include "models/bottleneck.h"

#include <utility>

#include "layers/elementwise.h"

namespace posecu {

Bottleneck::Bottleneck(Parameters& parameters, const std::string& name, int in, int inner)
    : reduce_(parameters, name + ".conv1", name + ".bn1", {in, inner, 1, 1, 0}, Activation::relu),
      spread_(parameters, name + ".conv2", name + ".bn2", {inner, inner, 3, 1, 1}, Activation::relu),
      expand_(parameters, name + ".conv3", name + ".bn3", {inner, kExpansion * inner, 1, 1, 0}, Activation::relu) {
  if (in != kExpansion * inner) {
    projection_.emplace(parameters, name + ".downsample.0", name + ".downsample.1",
                        ConvolutionSizes{in, kExpansion * inner, 1, 1, 0}, Activation::none);
  }
}

View<const float> Bottleneck::forward_training(Context& context, View<const float> x) {
  reduced_ = reduce_.forward_training(context, x);
  spread_out_ = spread_.forward_training(context, reduced_);
  if (projection_) {
    const auto residual = projection_->forward_training(context, x);
    y_ = expand_.forward_training(context, spread_out_, residual);
  } else {
    y_ = expand_.forward_training(context, spread_out_, x);
  }
  return y_;
}

Tensor<float> Bottleneck::backward(Context& context, Tensor<float> dy) {
  auto dresidual = context.tensor<float>(dy.shape());
  auto dspread = expand_.backward(context, std::move(dy), dresidual);
  y_.reset();
  auto dreduced = spread_.backward(context, std::move(dspread));
  spread_out_.reset();
  auto dx = reduce_.backward(context, std::move(dreduced));
  reduced_.reset();
  if (projection_) dresidual = projection_->backward(context, std::move(dresidual));
  add_to(context, dx, dresidual);
  return dx;
}

void Bottleneck::prepare_inference(Context& context) {
  reduce_.prepare_inference(context);
  spread_.prepare_inference(context);
  expand_.prepare_inference(context);
  if (projection_) projection_->prepare_inference(context);
}

Tensor<float> Bottleneck::forward_inference(Context& context, Tensor<float> x) {
  const auto spread = spread_.forward_inference(context, reduce_.forward_inference(context, x));
  auto residual = projection_ ? projection_->forward_inference(context, x) : std::move(x);
  return expand_.forward_inference(context, spread, std::move(residual));
}

}  // namespace posecu
