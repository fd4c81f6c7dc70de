#include "layers/conv_transpose2d.h"

#include <utility>

namespace posecu {

template <class T>
ConvTranspose2d<T>::ConvTranspose2d(Parameters& parameters, const std::string& name, const ConvolutionSizes& sizes)
    : sizes_(sizes),
      convolution_({sizes.out, sizes.in, sizes.kernel, sizes.stride, sizes.padding}),
      weight_(&parameters.add(name + ".weight", {sizes.in, sizes.out, sizes.kernel, sizes.kernel},
                              ParameterRole::trained, InitialValue::normal_0_001)) {}

template <class T>
Shape ConvTranspose2d<T>::output_shape(const Shape& x) const {
  const auto enlarged = [&](int size) { return (size - 1) * sizes_.stride - 2 * sizes_.padding + sizes_.kernel; };
  const Shape y{x[0], enlarged(x[1]), enlarged(x[2]), sizes_.out};
  require(convolution_.output_shape(y) == x, "a transposed convolution was given a tensor with other channels");
  return y;
}

template <class T>
Tensor<T> ConvTranspose2d<T>::forward_training(Context& context, Tensor<T> x) {
  x_ = std::move(x);
  auto y = context.tensor<T>(output_shape(x_.shape()));
  convolution_.backward_data(context, y, x_, weight_->value);
  return y;
}

template <class T>
Tensor<T> ConvTranspose2d<T>::backward(Context& context, View<const T> dy) {
  auto dx = context.tensor<T>(x_.shape());
  convolution_.forward(context, dx, dy, weight_->value, {});
  convolution_.backward_weights(context, weight_->gradient, {}, dy, x_);
  x_.reset();
  return dx;
}

template <class T>
void ConvTranspose2d<T>::prepare_inference() {
  convolution_.thaw();
}

template <class T>
Tensor<T> ConvTranspose2d<T>::forward_inference(Context& context, View<const T> x) {
  auto y = context.tensor<T>(output_shape(x.shape()));
  convolution_.backward_data_frozen(context, y, x, weight_->value);
  return y;
}

template class ConvTranspose2d<float>;
template class ConvTranspose2d<bfloat16>;
template class ConvTranspose2d<float16>;

}  // namespace posecu
