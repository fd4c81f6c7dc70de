#include "layers/conv_bn.h"

#include <utility>

namespace posecu {

template <class T>
ConvBn<T>::ConvBn(Parameters& parameters, const std::string& conv, const std::string& bn, const ConvolutionSizes& sizes,
                  Activation activation)
    : activation_(activation),
      conv_(parameters, conv, sizes, Bias::no),
      bn_(parameters, bn, sizes.out, {.activation = activation}) {}

template <class T>
Tensor<T> ConvBn<T>::forward_training(Context& context, View<const T> x, View<const T> residual) {
  return bn_.forward_training(context, conv_.forward_training(context, x), residual);
}

template <class T>
Tensor<T> ConvBn<T>::backward(Context& context, Tensor<T> dy, View<T> dresidual) {
  bn_.backward(context, dy, dy, dresidual);
  return conv_.backward(context, dy);
}

template <class T>
Tensor<T> ConvBn<T>::backward(Context& context, View<const T> dy) {
  const auto dconv = context.tensor<T>(dy.shape());
  bn_.backward(context, dconv, dy);
  return conv_.backward(context, dconv);
}

template <class T>
void ConvBn<T>::backward_parameters(Context& context, Tensor<T> dy) {
  bn_.backward(context, dy, dy);
  conv_.backward_parameters(context, dy);
}

template <class T>
void ConvBn<T>::prepare_inference(Context& context) {
  conv_.prepare_inference(context, bn_);
}

template <class T>
Tensor<T> ConvBn<T>::forward_inference(Context& context, View<const T> x) {
  return conv_.forward_inference(context, x, activation_);
}

template <class T>
Tensor<T> ConvBn<T>::forward_inference(Context& context, View<const T> x, Tensor<T> residual) {
  return conv_.forward_inference(context, x, std::move(residual), activation_);
}

template class ConvBn<float>;
template class ConvBn<bfloat16>;
template class ConvBn<float16>;

}  // namespace posecu
