#include "layers/convolution_cudnn.h"

#include <type_traits>

#include "kernels/bias.h"
#include "kernels/filter.h"
#include "layers/convolution_plans.h"

namespace posecu {
namespace {

template <class T>
Precision precision_of(Context& context) {
  if constexpr (std::is_same_v<T, bfloat16>) return Precision::bf16;
  if constexpr (std::is_same_v<T, float16>) return Precision::fp16;
  return context.libraries().float_products() == FloatProducts::tf32 ? Precision::tf32 : Precision::fp32;
}

template <class T>
CudnnOperation operation_of(Context& context, Direction direction, const Shape& x, const ConvolutionSizes& sizes) {
  return {
      .direction = direction, .precision = precision_of<T>(context), .n = x[0], .h = x[1], .w = x[2], .sizes = sizes};
}

void* place(const void* data) { return const_cast<void*>(data); }  // cuDNN takes what it reads without const

void run(Context& context, const CudnnPlan& plan, const CudnnTensors& tensors) {
  Tensor<float> workspace;
  if (plan.workspace() > 0) {
    const std::size_t floats = (plan.workspace() + sizeof(float) - 1) / sizeof(float);
    workspace = context.tensor<float>({static_cast<int>(floats)}, MemoryClass::workspace);
  }
  plan.run(context.stream(), tensors, workspace.data());
}

bool adds(Epilogue epilogue) { return epilogue == Epilogue::add || epilogue == Epilogue::add_relu; }
bool rectifies(Epilogue epilogue) { return epilogue == Epilogue::relu || epilogue == Epilogue::add_relu; }

BiasShape bias_shape(const Shape& y) { return {y[0] * y[1] * y[2], y[3]}; }

}  // namespace

// values [rows,in,k,k], scaled by row, as T in [rows,k,k,in]. A bias is [rows], one value a row.
template <class T>
void CudnnConvolution<T>::pack(Context& context, Tensor<T>& packed, View<const float> values, View<const float> scale,
                               MemoryClass memory_class) const {
  const bool filter = values.shape().rank() == 4;
  if (packed.empty()) packed = context.tensor<T>(values.shape(), memory_class);
  pack_filter(context.stream(), packed.data(), values.data(), scale.data(),
              {values.size(0), filter ? values.size(1) : 1, filter ? values.size(2) * values.size(3) : 1});
}

template <class T>
void CudnnConvolution<T>::freeze(Context& context, const FrozenWeights& weights) {
  if (packed_) return;
  pack(context, weights_, weights.weight, weights.scale, MemoryClass::weights);
  if (!weights.bias.empty()) pack(context, bias_, weights.bias, {}, MemoryClass::weights);
  packed_ = true;
}

// In one call of cuDNN where it has an engine for that, else the convolution and then what follows it.
template <class T>
void CudnnConvolution<T>::run_forward(Context& context, View<T> y, View<const T> x, View<const T> weights,
                                      View<const T> bias, Epilogue epilogue) const {
  ConvolutionPlans& plans = convolution_plans(context);
  CudnnTensors tensors{.x = place(x.data()), .weights = place(weights.data()), .y = y.data()};
  CudnnOperation operation = operation_of<T>(context, Direction::forward, x.shape(), sizes_);
  if (bias.empty() && epilogue == Epilogue::none) return run(context, plans.get(operation), tensors);

  operation.bias = bias.empty() ? Bias::no : Bias::yes;
  operation.epilogue = epilogue;
  if (const CudnnPlan* fused = plans.find(operation); fused != nullptr) {
    tensors.bias = bias.data();
    tensors.sum = adds(epilogue) ? y.data() : nullptr;
    return run(context, *fused, tensors);
  }

  operation.bias = Bias::no;
  operation.epilogue = Epilogue::none;
  Tensor<T> product;  // where y holds a sum
  if (adds(epilogue)) {
    product = context.tensor<T>(y.shape(), MemoryClass::workspace);
    tensors.y = product.data();
  }
  run(context, plans.get(operation), tensors);
  add_bias<T>(context.stream(), y.data(), static_cast<const T*>(tensors.y), bias.data(),
              adds(epilogue) ? y.data() : nullptr, bias_shape(y.shape()),
              rectifies(epilogue) ? Activation::relu : Activation::none);
}

template <class T>
void CudnnConvolution<T>::run_backward_data(Context& context, View<T> dx, View<const T> dy,
                                            View<const T> weights) const {
  const CudnnOperation operation = operation_of<T>(context, Direction::backward_data, dx.shape(), sizes_);
  run(context, convolution_plans(context).get(operation),
      {.x = dx.data(), .weights = place(weights.data()), .y = place(dy.data())});
}

template <class T>
void CudnnConvolution<T>::forward(Context& context, View<T> y, View<const T> x, View<const float> weight,
                                  View<const float> bias) {
  Tensor<T> weights, packed_bias;
  pack(context, weights, weight, {}, MemoryClass::workspace);
  if (!bias.empty()) pack(context, packed_bias, bias, {}, MemoryClass::workspace);
  run_forward(context, y, x, weights, packed_bias, Epilogue::none);
}

template <class T>
void CudnnConvolution<T>::backward_data(Context& context, View<T> dx, View<const T> dy, View<const float> weight) {
  Tensor<T> weights;
  pack(context, weights, weight, {}, MemoryClass::workspace);
  run_backward_data(context, dx, dy, weights);
}

// cuDNN 9.19 sums products of 16 bits in float but has no engine that writes them as floats (asked for an H100, engines
// compiled at run time included): the gradient of one call is rounded to T before it is added to the parameters', as
// PyTorch's mixed precision does.
template <class T>
void CudnnConvolution<T>::backward_weights(Context& context, View<float> dweight, View<float> dbias, View<const T> x,
                                           View<const T> dy) {
  const auto& [in, out, kernel, stride, padding] = sizes_;
  const auto gradient = context.tensor<T>({out, kernel, kernel, in}, MemoryClass::workspace);
  const CudnnOperation operation = operation_of<T>(context, Direction::backward_weights, x.shape(), sizes_);
  run(context, convolution_plans(context).get(operation),
      {.x = place(x.data()), .weights = gradient.data(), .y = place(dy.data())});
  accumulate_filter_gradient<T>(context.stream(), dweight.data(), gradient.data(), {out, in, kernel * kernel});
  if (dbias.empty()) return;
  const BiasShape shape = bias_shape(dy.shape());
  const auto sums = context.tensor<float>({static_cast<int>(bias_gradient_workspace(shape))}, MemoryClass::workspace);
  accumulate_bias_gradient(context.stream(), dbias.data(), sums.data(), dy.data(), shape);
}

template <class T>
void CudnnConvolution<T>::forward_frozen(Context& context, View<T> y, View<const T> x, const FrozenWeights& weights,
                                         Epilogue epilogue) {
  freeze(context, weights);
  run_forward(context, y, x, weights_, bias_, epilogue);
}

template <class T>
void CudnnConvolution<T>::backward_data_frozen(Context& context, View<T> dx, View<const T> dy,
                                               View<const float> weight) {
  freeze(context, {.weight = weight, .scale = {}, .bias = {}});
  run_backward_data(context, dx, dy, weights_);
}

template class CudnnConvolution<float>;
template class CudnnConvolution<bfloat16>;
template class CudnnConvolution<float16>;

}  // namespace posecu
