#include "models/bottleneck.h"

#include <utility>

#include "layers/elementwise.h"

namespace posecu {

template <class T>
Bottleneck<T>::Bottleneck(Parameters& parameters, const std::string& name, int in, int inner)
    : reduce_(parameters, name + ".conv1", name + ".bn1", {in, inner, 1, 1, 0}, Activation::relu),
      spread_(parameters, name + ".conv2", name + ".bn2", {inner, inner, 3, 1, 1}, Activation::relu),
      expand_(parameters, name + ".conv3", name + ".bn3", {inner, kBottleneckExpansion * inner, 1, 1, 0},
              Activation::relu) {
  if (in != kBottleneckExpansion * inner) {
    projection_.emplace(parameters, name + ".downsample.0", name + ".downsample.1",
                        ConvolutionSizes{in, kBottleneckExpansion * inner, 1, 1, 0}, Activation::none);
  }
}

template <class T>
View<const T> Bottleneck<T>::forward_training(Context& context, View<const T> x) {
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

template <class T>
Tensor<T> Bottleneck<T>::backward(Context& context, Tensor<T> dy) {
  auto dresidual = context.tensor<T>(dy.shape());
  auto dspread = expand_.backward(context, std::move(dy), dresidual);
  y_.reset();
  auto dreduced = spread_.backward(context, std::move(dspread));
  spread_out_.reset();
  auto dx = reduce_.backward(context, std::move(dreduced));
  reduced_.reset();
  if (projection_) dresidual = projection_->backward(context, std::move(dresidual));
  add_to<T>(context, dx, dresidual);
  return dx;
}

template <class T>
void Bottleneck<T>::prepare_inference(Context& context) {
  reduce_.prepare_inference(context);
  spread_.prepare_inference(context);
  expand_.prepare_inference(context);
  if (projection_) projection_->prepare_inference(context);
}

template <class T>
Tensor<T> Bottleneck<T>::forward_inference(Context& context, Tensor<T> x) {
  const auto spread = spread_.forward_inference(context, reduce_.forward_inference(context, x));
  auto residual = projection_ ? projection_->forward_inference(context, x) : std::move(x);
  return expand_.forward_inference(context, spread, std::move(residual));
}

template class Bottleneck<float>;
template class Bottleneck<bfloat16>;
template class Bottleneck<float16>;

}  // namespace posecu
