#include "layers/conv_transpose2d.h"

#include <utility>

namespace posecu {

ConvTranspose2d::ConvTranspose2d(Parameters& parameters, const std::string& name, const ConvolutionSizes& sizes)
    : sizes_(sizes),
      convolution_({sizes.out, sizes.in, sizes.kernel, sizes.stride, sizes.padding}),
      weight_(&parameters.add(name + ".weight", {sizes.in, sizes.out, sizes.kernel, sizes.kernel},
                              ParameterRole::trained, InitialValue::normal_0_001)) {}

Shape ConvTranspose2d::output_shape(const Shape& x) const {
  const auto enlarged = [&](int size) { return (size - 1) * sizes_.stride - 2 * sizes_.padding + sizes_.kernel; };
  const Shape y{x[0], enlarged(x[1]), enlarged(x[2]), sizes_.out};
  require(convolution_.output_shape(y) == x, "a transposed convolution was given a tensor with other channels");
  return y;
}

Tensor<float> ConvTranspose2d::forward_training(Context& context, Tensor<float> x) {
  x_ = std::move(x);
  auto y = context.tensor<float>(output_shape(x_.shape()));
  convolution_.backward_data(context, y, x_, weight_->value);
  return y;
}

Tensor<float> ConvTranspose2d::backward(Context& context, View<const float> dy) {
  auto dx = context.tensor<float>(x_.shape());
  convolution_.forward(context, dx, dy, weight_->value, {});
  convolution_.backward_weights(context, weight_->gradient, {}, dy, x_);
  x_.reset();
  return dx;
}

void ConvTranspose2d::prepare_inference() { convolution_.thaw(); }

Tensor<float> ConvTranspose2d::forward_inference(Context& context, View<const float> x) {
  auto y = context.tensor<float>(output_shape(x.shape()));
  convolution_.backward_data_frozen(context, y, x, weight_->value);
  return y;
}

}  // namespace posecu
