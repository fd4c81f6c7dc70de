#include "layers/elementwise.h"

#include "core/profile.h"
#include "kernels/elementwise.h"
#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/float16.h"

namespace posecu {
namespace {

Work work_of(std::string_view kind, const Shape& shape, std::size_t bytes_an_element) {
  return {kind, describe_map(shape), static_cast<double>(shape.elements() * bytes_an_element), 0};
}

}  // namespace

template <class T>
void add_to(Context& context, View<T> sum, View<const T> x) {
  require(sum.shape() == x.shape(), "tensors of different shapes are added");
  const Measured measured(context, [&] { return work_of("sum", x.shape(), 3 * sizeof(T)); });
  accumulate<T>(context.stream(), sum.data(), x.data(), x.elements());
}

Tensor<float> mean_of(Context& context, Tensor<float> a, View<const float> b) {
  require(a.shape() == b.shape(), "tensors of different shapes are averaged");
  const Measured measured(context, [&] { return work_of("mean", b.shape(), 3 * sizeof(float)); });
  axpby<float>(context.stream(), a.data(), 0.5F, a.data(), 0.5F, b.data(), b.elements());
  return a;
}

Tensor<float> copy_of(Context& context, View<const float> x) {
  auto y = context.tensor<float>(x.shape());
  const Measured measured(context, [&] { return work_of("copy", x.shape(), 2 * sizeof(float)); });
  scale<float>(context.stream(), y.data(), x.data(), 1.F, x.elements());
  return y;
}

template <class To, class From>
Tensor<To> converted(Context& context, View<const From> x, MemoryClass memory_class) {
  auto y = context.tensor<To>(x.shape(), memory_class);
  convert<To, From>(context, y, x);
  return y;
}

template <class To, class From>
void convert(Context& context, View<To> y, View<const From> x) {
  require(y.shape() == x.shape(), "a tensor is converted to another shape");
  const Measured measured(context, [&] { return work_of("cast", x.shape(), sizeof(To) + sizeof(From)); });
  cast<To, From>(context.stream(), y.data(), x.data(), x.elements());
}

template void add_to(Context&, View<float>, View<const float>);
template void add_to(Context&, View<bfloat16>, View<const bfloat16>);
template void add_to(Context&, View<float16>, View<const float16>);
template Tensor<float> converted(Context&, View<const bfloat16>, MemoryClass);
template Tensor<float> converted(Context&, View<const float16>, MemoryClass);
template Tensor<bfloat16> converted(Context&, View<const float>, MemoryClass);
template Tensor<float16> converted(Context&, View<const float>, MemoryClass);
template void convert(Context&, View<float>, View<const bfloat16>);
template void convert(Context&, View<float>, View<const float16>);
template void convert(Context&, View<bfloat16>, View<const float>);
template void convert(Context&, View<float16>, View<const float>);

}  // namespace posecu
