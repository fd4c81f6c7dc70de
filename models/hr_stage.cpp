#include "models/hr_stage.h"

#include <utility>

namespace posecu {

template <class T>
HrStage<T>::HrStage(Parameters& parameters, const std::string& name, std::span<const int> channels, int blocks,
                    int modules, Outputs outputs) {
  const int branches = static_cast<int>(channels.size());
  for (int i = 0; i < modules; ++i) {
    const bool reduced = i == modules - 1 && outputs == Outputs::first;
    modules_.emplace_back(parameters, name + "." + std::to_string(i), channels, blocks, reduced ? 1 : branches);
  }
}

template <class T>
std::vector<View<const T>> HrStage<T>::forward_training(Context& context, std::vector<View<const T>> x) {
  for (HrModule<T>& module : modules_) x = module.forward_training(context, x);
  return x;
}

template <class T>
std::vector<Tensor<T>> HrStage<T>::backward(Context& context, std::vector<Tensor<T>> dy) {
  for (std::size_t i = modules_.size(); i-- > 0;) dy = modules_[i].backward(context, std::move(dy));
  return dy;
}

template <class T>
void HrStage<T>::prepare_inference(Context& context) {
  for (HrModule<T>& module : modules_) module.prepare_inference(context);
}

template <class T>
std::vector<Tensor<T>> HrStage<T>::forward_inference(Context& context, std::vector<Tensor<T>> x) {
  for (HrModule<T>& module : modules_) x = module.forward_inference(context, std::move(x));
  return x;
}

template class HrStage<float>;
template class HrStage<bfloat16>;
template class HrStage<float16>;

}  // namespace posecu
