// ResNet's basic block: y = relu(bn2(conv2(relu(bn1(conv1(x))))) + x), both convolutions 3x3.
#pragma once

#include <string>

#include "layers/conv_bn.h"

namespace posecu {

template <class T>
class BasicBlock {
 public:
  BasicBlock(Parameters& parameters, const std::string& name, int channels);

  View<const T> forward_training(Context& context, View<const T> x);  // x must live until backward
  Tensor<T> backward(Context& context, Tensor<T> dy);                 // -> dx; frees what forward kept

  void prepare_inference(Context& context);
  Tensor<T> forward_inference(Context& context, Tensor<T> x);  // in the memory of x

 private:
  ConvBn<T> first_, second_;
  Tensor<T> hidden_, y_;
};

}  // namespace posecu
