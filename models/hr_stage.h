// A stage of HRNet: modules one after another, all on the same branches.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/hr_module.h"

namespace posecu {

template <class T>
class HrStage {
 public:
  enum class Outputs { all, first };  // of the last module

  HrStage(Parameters& parameters, const std::string& name, std::span<const int> channels, int blocks, int modules,
          Outputs outputs);

  // As HrModule's.
  std::vector<View<const T>> forward_training(Context& context, std::vector<View<const T>> x);
  std::vector<Tensor<T>> backward(Context& context, std::vector<Tensor<T>> dy);

  void prepare_inference(Context& context);
  std::vector<Tensor<T>> forward_inference(Context& context, std::vector<Tensor<T>> x);

 private:
  std::vector<HrModule<T>> modules_;
};

}  // namespace posecu
