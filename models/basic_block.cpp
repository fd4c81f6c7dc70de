#include "models/basic_block.h"

#include <utility>

#include "layers/elementwise.h"

namespace posecu {

template <class T>
BasicBlock<T>::BasicBlock(Parameters& parameters, const std::string& name, int channels)
    : first_(parameters, name + ".conv1", name + ".bn1", {channels, channels, 3, 1, 1}, Activation::relu),
      second_(parameters, name + ".conv2", name + ".bn2", {channels, channels, 3, 1, 1}, Activation::relu) {}

template <class T>
View<const T> BasicBlock<T>::forward_training(Context& context, View<const T> x) {
  hidden_ = first_.forward_training(context, x);
  y_ = second_.forward_training(context, hidden_, x);
  return y_;
}

template <class T>
Tensor<T> BasicBlock<T>::backward(Context& context, Tensor<T> dy) {
  auto dresidual = context.tensor<T>(dy.shape());
  auto dhidden = second_.backward(context, std::move(dy), dresidual);
  y_.reset();
  const auto dx = first_.backward(context, std::move(dhidden));
  hidden_.reset();
  add_to<T>(context, dresidual, dx);
  return dresidual;
}

template <class T>
void BasicBlock<T>::prepare_inference(Context& context) {
  first_.prepare_inference(context);
  second_.prepare_inference(context);
}

template <class T>
Tensor<T> BasicBlock<T>::forward_inference(Context& context, Tensor<T> x) {
  const auto hidden = first_.forward_inference(context, x);
  return second_.forward_inference(context, hidden, std::move(x));
}

template class BasicBlock<float>;
template class BasicBlock<bfloat16>;
template class BasicBlock<float16>;

}  // namespace posecu
