#include "layers/conv2d.h"

#include <utility>

namespace posecu {

Conv2d::Conv2d(Parameters& parameters, const std::string& name, const ConvolutionSizes& sizes, Bias bias)
    : convolution_(sizes),
      weight_(&parameters.add(name + ".weight", {sizes.out, sizes.in, sizes.kernel, sizes.kernel},
                              ParameterRole::trained, InitialValue::normal_0_001)) {
  if (bias == Bias::yes) {
    bias_ = &parameters.add(name + ".bias", {sizes.out}, ParameterRole::trained, InitialValue::zero);
  }
}

Tensor<float> Conv2d::forward_training(Context& context, View<const float> x) {
  x_ = x;
  auto y = context.tensor<float>(convolution_.output_shape(x.shape()));
  convolution_.forward(context, y, x, weight_->value, bias_ != nullptr ? bias_->value : View<float>());
  return y;
}

Tensor<float> Conv2d::backward(Context& context, View<const float> dy) {
  auto dx = context.tensor<float>(x_.shape());
  convolution_.backward_data(context, dx, dy, weight_->value);
  backward_parameters(context, dy);
  return dx;
}

void Conv2d::backward_parameters(Context& context, View<const float> dy) {
  convolution_.backward_weights(context, weight_->gradient, bias_ != nullptr ? bias_->gradient : View<float>(), x_, dy);
  x_ = {};
}

void Conv2d::prepare_inference() { convolution_.thaw(); }

void Conv2d::prepare_inference(Context& context, const BatchNorm& norm) {
  require(bias_ == nullptr, "a batch norm follows a convolution with bias");
  if (scale_.empty()) {
    scale_ = context.tensor<float>({weight_->shape[0]}, MemoryClass::weights);
    shift_ = context.tensor<float>({weight_->shape[0]}, MemoryClass::weights);
  }
  if (!context.dry_run()) norm.running_scale_and_shift(scale_, shift_);
  convolution_.thaw();
}

FrozenWeights Conv2d::frozen() const {
  if (!scale_.empty()) return {weight_->value, scale_, shift_};
  return {weight_->value, {}, bias_ != nullptr ? bias_->value : View<float>()};
}

Tensor<float> Conv2d::forward_inference(Context& context, View<const float> x, Activation activation) {
  auto y = context.tensor<float>(convolution_.output_shape(x.shape()));
  convolution_.forward_frozen(context, y, x, frozen(),
                              activation == Activation::relu ? Epilogue::relu : Epilogue::none);
  return y;
}

Tensor<float> Conv2d::forward_inference(Context& context, View<const float> x, Tensor<float> sum,
                                        Activation activation) {
  require(sum.shape() == convolution_.output_shape(x.shape()), "a convolution is added to a tensor of another shape");
  convolution_.forward_frozen(context, sum, x, frozen(),
                              activation == Activation::relu ? Epilogue::add_relu : Epilogue::add);
  return sum;
}

}  // namespace posecu
