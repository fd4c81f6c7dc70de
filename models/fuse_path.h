// The way from branch j of an HRNet module to its output i, as far as it is made of convolutions.
//
//   j > i (lower resolution)   a 1x1 convolution and batch norm; its result is enlarged 2^(j-i) times where it is added
//   j < i (higher resolution)  i-j convolutions 3x3 of stride 2, each with batch norm, all but the last with relu
//
// Branch j has channels[j] channels and half the resolution of branch j-1. There is no path from a branch to itself.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "layers/conv_bn.h"

namespace posecu {

template <class T>
class FusePath {
 public:
  FusePath(Parameters& parameters, const std::string& name, std::span<const int> channels, int from, int to);

  Tensor<T> forward_training(Context& context, View<const T> x);  // x must live until backward
  Tensor<T> backward(Context& context, View<const T> dy);         // -> dx; frees what forward kept

  void prepare_inference(Context& context);
  Tensor<T> forward_inference(Context& context, View<const T> x);
  Tensor<T> forward_inference(Context& context, View<const T> x, Tensor<T> sum);  // added to the sum

 private:
  std::vector<ConvBn<T>> steps_;
  std::vector<Tensor<T>> hidden_;  // outputs of all steps but the last, kept for backward
};

}  // namespace posecu
