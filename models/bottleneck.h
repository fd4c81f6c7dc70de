// ResNet's bottleneck: 1x1 to `inner` channels, 3x3, 1x1 to 4 * inner, added to x. Where x has other channels than
// that, a 1x1 projection of x ("downsample") is added instead.
#pragma once

#include <optional>
#include <string>

#include "layers/conv_bn.h"

namespace posecu {

class Bottleneck {
 public:
  static constexpr int kExpansion = 4;

  Bottleneck(Parameters& parameters, const std::string& name, int in, int inner);

  View<const float> forward_training(Context& context, View<const float> x);  // x must live until backward
  Tensor<float> backward(Context& context, Tensor<float> dy);                 // -> dx; frees what forward kept

  void prepare_inference(Context& context);
  Tensor<float> forward_inference(Context& context, Tensor<float> x);

 private:
  ConvBn reduce_, spread_, expand_;
  std::optional<ConvBn> projection_;
  Tensor<float> reduced_, spread_out_, y_;
};

}  // namespace posecu
