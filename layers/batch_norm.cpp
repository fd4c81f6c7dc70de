#include "layers/batch_norm.h"

#include <utility>

#include "core/profile.h"
#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/float16.h"
#include "kernels/scale_shift.h"

namespace posecu {

template <class T>
BatchNorm<T>::BatchNorm(Parameters& parameters, const std::string& name, int channels, const BatchNormOptions& options)
    : options_(options),
      gamma_(&parameters.add(name + ".weight", {channels}, ParameterRole::trained, InitialValue::one)),
      beta_(&parameters.add(name + ".bias", {channels}, ParameterRole::trained, InitialValue::zero)),
      running_mean_(
          &parameters.add(name + ".running_mean", {channels}, ParameterRole::running_statistic, InitialValue::zero)),
      running_var_(
          &parameters.add(name + ".running_var", {channels}, ParameterRole::running_statistic, InitialValue::one)) {}

namespace {

// `tensors` of x's size are read or written. Sums are a pass of their own: their results are needed before the other.
template <class T>
Work work_of(std::string_view kind, const Shape& x, int tensors) {
  return {kind, describe_map(x), static_cast<double>(x.elements()) * tensors * sizeof(T), 0};
}

}  // namespace

template <class T>
BatchNormShape BatchNorm<T>::matrix(const Shape& x) const {
  require(x.rank() == 4 && x[3] == gamma_->shape[0], "a batch norm was given a tensor with other channels");
  return {x[0] * x[1] * x[2], x[3]};
}

template <class T>
Tensor<T> BatchNorm<T>::forward_training(Context& context, Tensor<T> x, View<const T> residual) {
  require(residual.empty() || residual.shape() == x.shape(), "a residual has another shape than what it is added to");
  const BatchNormShape shape = matrix(x.shape());
  const Measured measured(context, [&] {
    return work_of<T>(residual.empty() ? "batch norm" : "batch norm + sum", x.shape(), residual.empty() ? 3 : 4);
  });
  x_ = std::move(x);
  mean_ = context.tensor<float>({shape.channels});
  inv_std_ = context.tensor<float>({shape.channels});
  auto y = context.tensor<T>(x_.shape());
  const auto workspace = context.tensor<float>({static_cast<int>(batch_norm_workspace(shape))}, MemoryClass::workspace);
  batch_norm_forward<T>(context.stream(),
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

template <class T>
void BatchNorm<T>::backward(Context& context, View<T> dx, View<const T> dy, View<T> dresidual) {
  require(dy.shape() == x_.shape(), "a gradient has another shape than the tensor it belongs to");
  const BatchNormShape shape = matrix(dy.shape());
  const int tensors = options_.activation == Activation::relu ? 7 : dresidual.empty() ? 5 : 6;
  const Measured measured(context, [&] { return work_of<T>("batch norm backward", dy.shape(), tensors); });
  const auto workspace = context.tensor<float>({static_cast<int>(batch_norm_workspace(shape))}, MemoryClass::workspace);
  batch_norm_backward<T>(context.stream(),
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

template <class T>
Tensor<T> BatchNorm<T>::forward_inference(Context& context, Tensor<T> x) const {
  const BatchNormShape shape = matrix(x.shape());
  const auto scale = context.tensor<float>({shape.channels}, MemoryClass::workspace);
  const auto shift = context.tensor<float>({shape.channels}, MemoryClass::workspace);
  running_scale_and_shift(context, scale, shift);
  scale_shift<T>(context.stream(), x.data(), x.data(), scale.data(), shift.data(), shape, options_.activation);
  return x;
}

template <class T>
void BatchNorm<T>::running_scale_and_shift(Context& context, View<float> scale, View<float> shift) const {
  fold_batch_norm(context.stream(), scale.data(), shift.data(),
                  {.gamma = gamma_->value.data(),
                   .beta = beta_->value.data(),
                   .mean = running_mean_->value.data(),
                   .var = running_var_->value.data()},
                  gamma_->shape[0], options_.eps);
}

template class BatchNorm<float>;
template class BatchNorm<bfloat16>;
template class BatchNorm<float16>;

}  // namespace posecu
