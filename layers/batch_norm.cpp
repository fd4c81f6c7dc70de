#include "layers/batch_norm.h"

#include <cmath>
#include <utility>

#include "kernels/scale_shift.h"

namespace posecu {

BatchNorm::BatchNorm(Parameters& parameters, const std::string& name, int channels, const BatchNormOptions& options)
    : options_(options),
      gamma_(&parameters.add(name + ".weight", {channels}, ParameterRole::trained, InitialValue::one)),
      beta_(&parameters.add(name + ".bias", {channels}, ParameterRole::trained, InitialValue::zero)),
      running_mean_(
          &parameters.add(name + ".running_mean", {channels}, ParameterRole::running_statistic, InitialValue::zero)),
      running_var_(
          &parameters.add(name + ".running_var", {channels}, ParameterRole::running_statistic, InitialValue::one)) {}

BatchNormShape BatchNorm::matrix(const Shape& x) const {
  require(x.rank() == 4 && x[3] == gamma_->shape[0], "a batch norm was given a tensor with other channels");
  return {x[0] * x[1] * x[2], x[3]};
}

Tensor<float> BatchNorm::forward_training(Context& context, Tensor<float> x, View<const float> residual) {
  require(residual.empty() || residual.shape() == x.shape(), "a residual has another shape than what it is added to");
  const BatchNormShape shape = matrix(x.shape());
  x_ = std::move(x);
  mean_ = context.tensor<float>({shape.channels});
  inv_std_ = context.tensor<float>({shape.channels});
  auto y = context.tensor<float>(x_.shape());
  const auto workspace = context.tensor<float>({static_cast<int>(batch_norm_workspace(shape))}, MemoryClass::workspace);
  batch_norm_forward<float>(context.stream(),
                            {.y = y.data(),
                             .mean = mean_.data(),
                             .inv_std = inv_std_.data(),
                             .running_mean = running_mean_->value.data(),
                             .running_var = running_var_->value.data(),
                             .workspace = workspace.data(),
                             .x = x_.data(),
                             .residual = residual.data(),
                             .gamma = gamma_->value.data(),
                             .beta = beta_->value.data()},
                            shape, options_);
  y_ = y;
  return y;
}

void BatchNorm::backward(Context& context, View<float> dx, View<const float> dy, View<float> dresidual) {
  require(dy.shape() == x_.shape(), "a gradient has another shape than the tensor it belongs to");
  const BatchNormShape shape = matrix(dy.shape());
  const auto workspace = context.tensor<float>({static_cast<int>(batch_norm_workspace(shape))}, MemoryClass::workspace);
  batch_norm_backward<float>(context.stream(),
                             {.dx = dx.data(),
                              .dresidual = dresidual.data(),
                              .dgamma = gamma_->gradient.data(),
                              .dbeta = beta_->gradient.data(),
                              .workspace = workspace.data(),
                              .dy = dy.data(),
                              .y = y_.data(),
                              .x = x_.data(),
                              .mean = mean_.data(),
                              .inv_std = inv_std_.data(),
                              .gamma = gamma_->value.data()},
                             shape, options_);
  x_.reset(), mean_.reset(), inv_std_.reset();
  y_ = {};
}

Tensor<float> BatchNorm::forward_inference(Context& context, Tensor<float> x) const {
  const BatchNormShape shape = matrix(x.shape());
  const auto scale = context.tensor<float>({shape.channels}, MemoryClass::workspace);
  const auto shift = context.tensor<float>({shape.channels}, MemoryClass::workspace);
  if (!context.dry_run()) running_scale_and_shift(scale, shift);
  scale_shift<float>(context.stream(), x.data(), x.data(), scale.data(), shift.data(), shape, options_.activation);
  return x;
}

void BatchNorm::running_scale_and_shift(View<float> scale, View<float> shift) const {
  for (int c = 0; c < gamma_->shape[0]; ++c) {
    const double s = gamma_->value.data()[c] / std::sqrt(double{running_var_->value.data()[c]} + options_.eps);
    scale.data()[c] = static_cast<float>(s);
    shift.data()[c] = static_cast<float>(beta_->value.data()[c] - running_mean_->value.data()[c] * s);
  }
}

}  // namespace posecu
