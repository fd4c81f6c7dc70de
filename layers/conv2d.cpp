#include "layers/conv2d.h"

#include <utility>

namespace posecu {

template <class T>
Conv2d<T>::Conv2d(Parameters& parameters, const std::string& name, const ConvolutionSizes& sizes, Bias bias)
    : convolution_(sizes),
      weight_(&parameters.add(name + ".weight", {sizes.out, sizes.in, sizes.kernel, sizes.kernel},
                              ParameterRole::trained, InitialValue::normal_0_001)) {
  if (bias == Bias::yes) {
    bias_ = &parameters.add(name + ".bias", {sizes.out}, ParameterRole::trained, InitialValue::zero);
  }
}

template <class T>
Tensor<T> Conv2d<T>::forward_training(Context& context, View<const T> x) {
  x_ = x;
  auto y = context.tensor<T>(convolution_.output_shape(x.shape()));
  convolution_.forward(context, y, x, weight_->value, bias_ != nullptr ? bias_->value : View<float>());
  return y;
}

template <class T>
Tensor<T> Conv2d<T>::backward(Context& context, View<const T> dy) {
  auto dx = context.tensor<T>(x_.shape());
  convolution_.backward_data(context, dx, dy, weight_->value);
  backward_parameters(context, dy);
  return dx;
}

template <class T>
void Conv2d<T>::backward_parameters(Context& context, View<const T> dy) {
  convolution_.backward_weights(context, weight_->gradient, bias_ != nullptr ? bias_->gradient : View<float>(), x_, dy);
  x_ = {};
}

template <class T>
void Conv2d<T>::prepare_inference() {
  convolution_.thaw();
}

template <class T>
void Conv2d<T>::prepare_inference(Context& context, const BatchNorm<T>& norm) {
  require(bias_ == nullptr, "a batch norm follows a convolution with bias");
  if (scale_.empty()) {
    scale_ = context.tensor<float>({weight_->shape[0]}, MemoryClass::weights);
    shift_ = context.tensor<float>({weight_->shape[0]}, MemoryClass::weights);
  }
  norm.running_scale_and_shift(context, scale_, shift_);
  convolution_.thaw();
}

template <class T>
FrozenWeights Conv2d<T>::frozen() const {
  if (!scale_.empty()) return {weight_->value, scale_, shift_};
  return {weight_->value, {}, bias_ != nullptr ? bias_->value : View<float>()};
}

template <class T>
Tensor<T> Conv2d<T>::forward_inference(Context& context, View<const T> x, Activation activation) {
  auto y = context.tensor<T>(convolution_.output_shape(x.shape()));
  convolution_.forward_frozen(context, y, x, frozen(),
                              activation == Activation::relu ? Epilogue::relu : Epilogue::none);
  return y;
}

template <class T>
Tensor<T> Conv2d<T>::forward_inference(Context& context, View<const T> x, Tensor<T> sum, Activation activation) {
  require(sum.shape() == convolution_.output_shape(x.shape()), "a convolution is added to a tensor of another shape");
  convolution_.forward_frozen(context, sum, x, frozen(),
                              activation == Activation::relu ? Epilogue::add_relu : Epilogue::add);
  return sum;
}

template class Conv2d<float>;
template class Conv2d<bfloat16>;
template class Conv2d<float16>;

}  // namespace posecu
