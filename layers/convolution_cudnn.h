// The convolution of layers/convolution.h on a GPU: plans of cuDNN (layers/convolution_plans.h) and the kernels beside
// them. The same functions, on activations of type T.
//
// Filters are packed from the parameters' layout for each call, or once where they are frozen. cuDNN takes any number
// of channels: its tensor core engines pad 3, 17 or 49 of them to multiples of 8 in their workspace.
#pragma once

#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/float16.h"
#include "layers/convolution.h"

namespace posecu {

template <class T>
class CudnnConvolution {
 public:
  explicit CudnnConvolution(const ConvolutionSizes& sizes) : sizes_(sizes) {}

  void forward(Context& context, View<T> y, View<const T> x, View<const float> weight, View<const float> bias);
  void backward_data(Context& context, View<T> dx, View<const T> dy, View<const float> weight);
  void backward_weights(Context& context, View<float> dweight, View<float> dbias, View<const T> x, View<const T> dy);

  void forward_frozen(Context& context, View<T> y, View<const T> x, const FrozenWeights& weights, Epilogue epilogue);
  void backward_data_frozen(Context& context, View<T> dx, View<const T> dy, View<const float> weight);
  void thaw() { packed_ = false; }

 private:
  void pack(Context& context, Tensor<T>& packed, View<const float> values, View<const float> scale,
            MemoryClass memory_class) const;
  void freeze(Context& context, const FrozenWeights& weights);
  void run_forward(Context& context, View<T> y, View<const T> x, View<const T> weights, View<const T> bias,
                   Epilogue epilogue) const;
  void run_backward_data(Context& context, View<T> dx, View<const T> dy, View<const T> weights) const;

  ConvolutionSizes sizes_;
  Tensor<T> weights_, bias_;  // frozen: [out,kernel,kernel,in], [out]; they keep their places when they thaw
  bool packed_ = false;
};

}  // namespace posecu
