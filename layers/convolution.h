// A two-dimensional convolution and its adjoints on the device, without parameters: what Conv2d and ConvTranspose2d are
// made of: cuDNN's on a GPU, oneDNN's on the CPU, both on plain NHWC activations.
//
//   forward           y[n,i,j,o] = bias[o] + sum over p,q,c of x[n, i*s+p-pad, j*s+q-pad, c] * w[o,c,p,q]
//   backward_data     dx = the adjoint of forward without bias, overwritten
//   backward_weights  dw += sum over n,i,j of dy[n,i,j,o] * x[n, i*s+p-pad, j*s+q-pad, c]     dbias += sum of dy
//
//   x, dx [N,H,W,in]   y, dy [N,H',W',out], H' = (H + 2 pad - kernel) / s + 1   w, dw [out,in,kernel,kernel] as PyTorch
//
// T (float, bfloat16, float16) is what activations are stored as; weights, bias and their gradients are float, and so
// are sums. The CPU has no convolution of 16 bits: it computes on copies in float and rounds. Slow; for tests.
//
// Run to run the results are the same bits; those of backward_weights depend on the number of threads.
// What a shape needs (primitives, layouts) is made at its first use and kept; scratch memory comes from the arena.
#pragma once

#include <memory>

#include "core/context.h"
#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/float16.h"

namespace posecu {

struct ConvolutionSizes {
  int in = 0, out = 0, kernel = 1, stride = 1, padding = 0;
};

enum class Bias { no, yes };

// What forward_frozen does with a sum before it writes it.
enum class Epilogue {
  none,
  relu,     // y = max(conv, 0)
  add,      // y = conv + y
  add_relu  // y = max(conv + y, 0)
};

// Weights that stay as they are while many pictures go through: each output channel o multiplied by scale[o].
struct FrozenWeights {
  View<const float> weight;  // [out,in,kernel,kernel]
  View<const float> scale;   // [out], empty: 1
  View<const float> bias;    // [out], empty: 0
};

template <class T>
class Convolution {
 public:
  explicit Convolution(const ConvolutionSizes& sizes);
  ~Convolution();
  Convolution(Convolution&&) noexcept;
  Convolution& operator=(Convolution&&) noexcept;

  Shape output_shape(const Shape& x) const;  // throws std::logic_error where x has other channels

  // `bias` and `dbias` may be empty.
  void forward(Context& context, View<T> y, View<const T> x, View<const float> weight, View<const float> bias);
  void backward_data(Context& context, View<T> dx, View<const T> dy, View<const float> weight);
  void backward_weights(Context& context, View<float> dweight, View<float> dbias, View<const T> x, View<const T> dy);

  // As forward and backward_data, with weights that are packed at their first use and kept until thaw().
  void forward_frozen(Context& context, View<T> y, View<const T> x, const FrozenWeights& weights, Epilogue epilogue);
  void backward_data_frozen(Context& context, View<T> dx, View<const T> dy, View<const float> weight);
  void thaw();  // the weights have changed

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace posecu
