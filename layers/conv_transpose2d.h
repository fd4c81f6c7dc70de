// Transposed convolution without bias, the adjoint of a convolution: each pixel of x spreads over kernel x kernel
// pixels of y, `stride` apart.
//
//   y[n,i*s+p-pad,j*s+q-pad,o] += x[n,i,j,c] * w[c,o,p,q]
//
//   x [N,H,W,in] -> y [N,H',W',out], H' = (H - 1) * s - 2 pad + kernel     w [in,out,kernel,kernel] as PyTorch's
#pragma once

#include <string>

#include "core/parameters.h"
#include "layers/convolution.h"

namespace posecu {

template <class T>
class ConvTranspose2d {
 public:
  // Registers `name`.weight.
  ConvTranspose2d(Parameters& parameters, const std::string& name, const ConvolutionSizes& sizes);

  Tensor<T> forward_training(Context& context, Tensor<T> x);  // keeps x

  // dy -> dx; the gradient of the weight is added to. Frees x.
  Tensor<T> backward(Context& context, View<const T> dy);

  void prepare_inference();  // again when the parameters have changed
  Tensor<T> forward_inference(Context& context, View<const T> x);

 private:
  Shape output_shape(const Shape& x) const;

  ConvolutionSizes sizes_;
  Convolution<T> convolution_;  // from y to x
  Parameter* weight_;
  Tensor<T> x_;  // [N,H,W,in], kept for backward
};

}  // namespace posecu
