// Convolution and transposed convolution in double precision, forward and backward, one loop an index.
#pragma once

#include "tests/reference/map.h"

namespace posecu::reference {

struct Kernel {
  int in = 1, out = 1, side = 1, stride = 1, padding = 0;
};

// weight [out,in,side,side]; bias [out] or empty.
Map convolution(const Map& x, const Values& weight, const Values& bias, const Kernel& kernel);

// weight [in,out,side,side].
Map transposed_convolution(const Map& x, const Values& weight, const Kernel& kernel);

struct ConvolutionGradients {
  Map x;
  Values weight, bias;
};
ConvolutionGradients convolution_gradients(const Map& x, const Values& weight, const Map& dy, const Kernel& kernel);
ConvolutionGradients transposed_convolution_gradients(const Map& x, const Values& weight, const Map& dy,
                                                      const Kernel& kernel);

}  // namespace posecu::reference
