// The convolution of layers/convolution.h on the CPU: all that knows oneDNN. The same functions, on floats.
#pragma once

#include <memory>

#include "layers/convolution.h"

namespace posecu {

class OneDnnConvolution {
 public:
  explicit OneDnnConvolution(const ConvolutionSizes& sizes);
  ~OneDnnConvolution();
  OneDnnConvolution(OneDnnConvolution&&) noexcept;
  OneDnnConvolution& operator=(OneDnnConvolution&&) noexcept;

  void forward(Context& context, View<float> y, View<const float> x, View<const float> weight, View<const float> bias);
  void backward_data(Context& context, View<float> dx, View<const float> dy, View<const float> weight);
  void backward_weights(Context& context, View<float> dweight, View<float> dbias, View<const float> x,
                        View<const float> dy);

  void forward_frozen(Context& context, View<float> y, View<const float> x, const FrozenWeights& weights,
                      Epilogue epilogue);
  void backward_data_frozen(Context& context, View<float> dx, View<const float> dy, View<const float> weight);
  void thaw();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace posecu
