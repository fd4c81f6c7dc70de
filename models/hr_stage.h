// A stage of HRNet: modules one after another, all on the same branches.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/hr_module.h"

namespace posecu {

class HrStage {
 public:
  enum class Outputs { all, first };  // of the last module

  HrStage(Parameters& parameters, const std::string& name, std::span<const int> channels, int blocks, int modules,
          Outputs outputs);

  // As HrModule's.
  std::vector<View<const float>> forward_training(Context& context, std::vector<View<const float>> x);
  std::vector<Tensor<float>> backward(Context& context, std::vector<Tensor<float>> dy);

  void prepare_inference(Context& context);
  std::vector<Tensor<float>> forward_inference(Context& context, std::vector<Tensor<float>> x);

 private:
  std::vector<HrModule> modules_;
};

}  // namespace posecu
