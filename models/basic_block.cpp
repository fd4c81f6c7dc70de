#include "models/basic_block.h"

#include <utility>

#include "layers/elementwise.h"

namespace posecu {

BasicBlock::BasicBlock(Parameters& parameters, const std::string& name, int channels)
    : first_(parameters, name + ".conv1", name + ".bn1", {channels, channels, 3, 1, 1}, Activation::relu),
      second_(parameters, name + ".conv2", name + ".bn2", {channels, channels, 3, 1, 1}, Activation::relu) {}

View<const float> BasicBlock::forward_training(Context& context, View<const float> x) {
  hidden_ = first_.forward_training(context, x);
  y_ = second_.forward_training(context, hidden_, x);
  return y_;
}

Tensor<float> BasicBlock::backward(Context& context, Tensor<float> dy) {
  auto dresidual = context.tensor<float>(dy.shape());
  auto dhidden = second_.backward(context, std::move(dy), dresidual);
  y_.reset();
  const auto dx = first_.backward(context, std::move(dhidden));
  hidden_.reset();
  add_to(context, dresidual, dx);
  return dresidual;
}

void BasicBlock::prepare_inference(Context& context) {
  first_.prepare_inference(context);
  second_.prepare_inference(context);
}

Tensor<float> BasicBlock::forward_inference(Context& context, Tensor<float> x) {
  const auto hidden = first_.forward_inference(context, x);
  return second_.forward_inference(context, hidden, std::move(x));
}

}  // namespace posecu
