// ResNet's basic block: y = relu(bn2(conv2(relu(bn1(conv1(x))))) + x), both convolutions 3x3.
#pragma once

#include <string>

#include "layers/conv_bn.h"

namespace posecu {

class BasicBlock {
 public:
  BasicBlock(Parameters& parameters, const std::string& name, int channels);

  View<const float> forward_training(Context& context, View<const float> x);  // x must live until backward
  Tensor<float> backward(Context& context, Tensor<float> dy);                 // -> dx; frees what forward kept

  void prepare_inference(Context& context);
  Tensor<float> forward_inference(Context& context, Tensor<float> x);  // in the memory of x

 private:
  ConvBn first_, second_;
  Tensor<float> hidden_, y_;
};

}  // namespace posecu
