#include "layers/convolution.h"

#include <fmt/format.h>

#include <type_traits>
#include <utility>

#include "core/profile.h"
#include "layers/convolution_cudnn.h"
#include "layers/convolution_onednn.h"
#include "layers/elementwise.h"

namespace posecu {
namespace {

// A tensor as oneDNN takes it, in float: itself, or a copy in scratch memory.
template <class T>
class Floats {
 public:
  enum class Holding { values, nothing };  // nothing: they will be written

  Floats(Context& context, View<T> tensor, Holding holding) : tensor_(tensor) {
    if constexpr (!kItself) {
      copy_ = context.tensor<float>(tensor.shape(), MemoryClass::workspace);
      if (holding == Holding::values) convert<float, T>(context, copy_, tensor);
    }
  }
  View<float> view() const {
    if constexpr (kItself) {
      return tensor_;
    } else {
      return copy_;
    }
  }
  // Rounds what the view holds, and keeps it.
  void write(Context& context) const {
    if constexpr (!kItself) convert<T, float>(context, tensor_, copy_);
  }

 private:
  static constexpr bool kItself = std::is_same_v<T, float>;
  View<T> tensor_;
  Tensor<float> copy_;
};

template <class T>
Floats<T> floats_of(Context& context, View<const T> tensor) {
  // Through this view nothing is written.
  return {context, {const_cast<T*>(tensor.data()), tensor.shape()}, Floats<T>::Holding::values};
}
template <class T>
Floats<T> floats_for(Context& context, View<T> result) {
  return {context, result, Floats<T>::Holding::nothing};
}

enum class Reads { inputs, inputs_and_result };

// Of a convolution or one of its adjoints: all three touch x, y and the weights, and multiply as often.
template <class T>
Work work_of(std::string_view kind, const ConvolutionSizes& s, const Shape& x, const Shape& y,
             Reads reads = Reads::inputs) {
  const double weights = static_cast<double>(s.in) * s.out * s.kernel * s.kernel,
               xs = static_cast<double>(x.elements()), ys = static_cast<double>(y.elements());
  return {kind, fmt::format("{} to {}, {}x{}{}", describe_map(x), s.out, s.kernel, s.kernel, s.stride > 1 ? " /2" : ""),
          (xs + ys * (reads == Reads::inputs ? 1 : 2)) * sizeof(T) + weights * sizeof(float), 2 * ys / s.out * weights};
}

bool on_gpu(const Context& context) { return context.device() == DeviceKind::cuda; }

}  // namespace

template <class T>
struct Convolution<T>::Impl {
  explicit Impl(const ConvolutionSizes& s) : sizes(s), onednn(s), cudnn(s) {}

  ConvolutionSizes sizes;
  OneDnnConvolution onednn;
  CudnnConvolution<T> cudnn;
};

template <class T>
Convolution<T>::Convolution(const ConvolutionSizes& sizes) : impl_(std::make_unique<Impl>(sizes)) {}
template <class T>
Convolution<T>::~Convolution() = default;
template <class T>
Convolution<T>::Convolution(Convolution&&) noexcept = default;
template <class T>
Convolution<T>& Convolution<T>::operator=(Convolution&&) noexcept = default;

template <class T>
Shape Convolution<T>::output_shape(const Shape& x) const {
  const auto& [in, out, kernel, stride, padding] = impl_->sizes;
  require(x.rank() == 4 && x[3] == in, fmt::format("a convolution of {} channels was given {}", in, to_string(x)));
  return {x[0], (x[1] + 2 * padding - kernel) / stride + 1, (x[2] + 2 * padding - kernel) / stride + 1, out};
}

template <class T>
void Convolution<T>::forward(Context& context, View<T> y, View<const T> x, View<const float> weight,
                             View<const float> bias) {
  const Measured measured(context, [&] { return work_of<T>("convolution", impl_->sizes, x.shape(), y.shape()); });
  if (on_gpu(context)) return impl_->cudnn.forward(context, y, x, weight, bias);
  const auto to = floats_for(context, y);
  impl_->onednn.forward(context, to.view(), floats_of(context, x).view(), weight, bias);
  to.write(context);
}

template <class T>
void Convolution<T>::backward_data(Context& context, View<T> dx, View<const T> dy, View<const float> weight) {
  const Measured measured(context, [&] { return work_of<T>("convolution dx", impl_->sizes, dx.shape(), dy.shape()); });
  if (on_gpu(context)) return impl_->cudnn.backward_data(context, dx, dy, weight);
  const auto to = floats_for(context, dx);
  impl_->onednn.backward_data(context, to.view(), floats_of(context, dy).view(), weight);
  to.write(context);
}

template <class T>
void Convolution<T>::backward_weights(Context& context, View<float> dweight, View<float> dbias, View<const T> x,
                                      View<const T> dy) {
  const Measured measured(context, [&] { return work_of<T>("convolution dw", impl_->sizes, x.shape(), dy.shape()); });
  if (on_gpu(context)) return impl_->cudnn.backward_weights(context, dweight, dbias, x, dy);
  impl_->onednn.backward_weights(context, dweight, dbias, floats_of(context, x).view(), floats_of(context, dy).view());
}

template <class T>
void Convolution<T>::forward_frozen(Context& context, View<T> y, View<const T> x, const FrozenWeights& weights,
                                    Epilogue epilogue) {
  const bool adds = epilogue == Epilogue::add || epilogue == Epilogue::add_relu;
  const Measured measured(context, [&] {
    return work_of<T>(adds ? "convolution + sum" : "convolution", impl_->sizes, x.shape(), y.shape(),
                      adds ? Reads::inputs_and_result : Reads::inputs);
  });
  if (on_gpu(context)) return impl_->cudnn.forward_frozen(context, y, x, weights, epilogue);
  const auto to = adds ? floats_of<T>(context, y) : floats_for(context, y);
  impl_->onednn.forward_frozen(context, to.view(), floats_of(context, x).view(), weights, epilogue);
  to.write(context);
}

template <class T>
void Convolution<T>::backward_data_frozen(Context& context, View<T> dx, View<const T> dy, View<const float> weight) {
  const Measured measured(context, [&] { return work_of<T>("convolution dx", impl_->sizes, dx.shape(), dy.shape()); });
  if (on_gpu(context)) return impl_->cudnn.backward_data_frozen(context, dx, dy, weight);
  const auto to = floats_for(context, dx);
  impl_->onednn.backward_data_frozen(context, to.view(), floats_of(context, dy).view(), weight);
  to.write(context);
}

template <class T>
void Convolution<T>::thaw() {
  impl_->onednn.thaw();
  impl_->cudnn.thaw();
}

template class Convolution<float>;
template class Convolution<bfloat16>;
template class Convolution<float16>;

}  // namespace posecu
