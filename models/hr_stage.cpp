#include "models/hr_stage.h"

#include <utility>

namespace posecu {

HrStage::HrStage(Parameters& parameters, const std::string& name, std::span<const int> channels, int blocks,
                 int modules, Outputs outputs) {
  const int branches = static_cast<int>(channels.size());
  for (int i = 0; i < modules; ++i) {
    const bool reduced = i == modules - 1 && outputs == Outputs::first;
    modules_.emplace_back(parameters, name + "." + std::to_string(i), channels, blocks, reduced ? 1 : branches);
  }
}

std::vector<View<const float>> HrStage::forward_training(Context& context, std::vector<View<const float>> x) {
  for (HrModule& module : modules_) x = module.forward_training(context, x);
  return x;
}

std::vector<Tensor<float>> HrStage::backward(Context& context, std::vector<Tensor<float>> dy) {
  for (std::size_t i = modules_.size(); i-- > 0;) dy = modules_[i].backward(context, std::move(dy));
  return dy;
}

void HrStage::prepare_inference(Context& context) {
  for (HrModule& module : modules_) module.prepare_inference(context);
}

std::vector<Tensor<float>> HrStage::forward_inference(Context& context, std::vector<Tensor<float>> x) {
  for (HrModule& module : modules_) x = module.forward_inference(context, std::move(x));
  return x;
}

}  // namespace posecu
