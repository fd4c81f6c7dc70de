#include "models/fuse_path.h"

#include <utility>

namespace posecu {

template <class T>
FusePath<T>::FusePath(Parameters& parameters, const std::string& name, std::span<const int> channels, int from,
                      int to) {
  const auto at = [&](int branch) { return channels[static_cast<std::size_t>(branch)]; };
  if (from > to) {
    steps_.emplace_back(parameters, name + ".0", name + ".1", ConvolutionSizes{at(from), at(to), 1, 1, 0},
                        Activation::none);
  }
  for (int k = 0; k < to - from; ++k) {
    const std::string step = name + "." + std::to_string(k);
    const bool last = k == to - from - 1;
    steps_.emplace_back(parameters, step + ".0", step + ".1",
                        ConvolutionSizes{at(from), last ? at(to) : at(from), 3, 2, 1},
                        last ? Activation::none : Activation::relu);
  }
}

template <class T>
Tensor<T> FusePath<T>::forward_training(Context& context, View<const T> x) {
  for (std::size_t k = 0; k + 1 < steps_.size(); ++k) {
    x = hidden_.emplace_back(steps_[k].forward_training(context, x));
  }
  return steps_.back().forward_training(context, x);
}

template <class T>
Tensor<T> FusePath<T>::backward(Context& context, View<const T> dy) {
  Tensor<T> gradient = steps_.back().backward(context, dy);
  for (std::size_t k = steps_.size() - 1; k-- > 0;) {
    gradient = steps_[k].backward(context, std::move(gradient));
    hidden_.pop_back();
  }
  return gradient;
}

template <class T>
void FusePath<T>::prepare_inference(Context& context) {
  for (ConvBn<T>& step : steps_) step.prepare_inference(context);
}

template <class T>
Tensor<T> FusePath<T>::forward_inference(Context& context, View<const T> x) {
  Tensor<T> y = steps_.front().forward_inference(context, x);
  for (std::size_t k = 1; k < steps_.size(); ++k) y = steps_[k].forward_inference(context, y);
  return y;
}

template <class T>
Tensor<T> FusePath<T>::forward_inference(Context& context, View<const T> x, Tensor<T> sum) {
  Tensor<T> hidden;
  for (std::size_t k = 0; k + 1 < steps_.size(); ++k) x = hidden = steps_[k].forward_inference(context, x);
  return steps_.back().forward_inference(context, x, std::move(sum));
}

template class FusePath<float>;
template class FusePath<bfloat16>;
template class FusePath<float16>;

}  // namespace posecu
