// ResNet's bottleneck: 1x1 to `inner` channels, 3x3, 1x1 to 4 * inner, added to x. Where x has other channels than
// that, a 1x1 projection of x ("downsample") is added instead.
#pragma once

#include <optional>
#include <string>

#include "layers/conv_bn.h"

namespace posecu {

inline constexpr int kBottleneckExpansion = 4;

template <class T>
class Bottleneck {
 public:
  Bottleneck(Parameters& parameters, const std::string& name, int in, int inner);

  View<const T> forward_training(Context& context, View<const T> x);  // x must live until backward
  Tensor<T> backward(Context& context, Tensor<T> dy);                 // -> dx; frees what forward kept

  void prepare_inference(Context& context);
  Tensor<T> forward_inference(Context& context, Tensor<T> x);

 private:
  ConvBn<T> reduce_, spread_, expand_;
  std::optional<ConvBn<T>> projection_;
  Tensor<T> reduced_, spread_out_, y_;
};

}  // namespace posecu
