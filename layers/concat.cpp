#include "layers/concat.h"

#include "core/profile.h"
#include "kernels/elementwise.h"
#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/float16.h"

namespace posecu {
namespace {

template <class T>
Work work_of(std::string_view kind, const Shape& y) {
  return {kind, describe_map(y), static_cast<double>(2 * y.elements() * sizeof(T)), 0};
}

}  // namespace

template <class T>
Tensor<T> concat(Context& context, View<const T> a, View<const T> b) {
  const Shape &s = a.shape(), &t = b.shape();
  require(s[0] == t[0] && s[1] == t[1] && s[2] == t[2], "tensors of different sizes are put side by side");
  auto y = context.tensor<T>({s[0], s[1], s[2], s[3] + t[3]});
  const Measured measured(context, [&] { return work_of<T>("concatenation", y.shape()); });
  concat_channels<T>(context.stream(), y.data(), a.data(), b.data(), {s[0] * s[1] * s[2], s[3], t[3]});
  return y;
}

template <class T>
std::pair<Tensor<T>, Tensor<T>> split(Context& context, View<const T> y, int channels) {
  const Shape& s = y.shape();
  const Measured measured(context, [&] { return work_of<T>("split", s); });
  auto a = context.tensor<T>({s[0], s[1], s[2], channels});
  auto b = context.tensor<T>({s[0], s[1], s[2], s[3] - channels});
  split_channels<T>(context.stream(), a.data(), b.data(), y.data(), {s[0] * s[1] * s[2], channels, s[3] - channels});
  return {std::move(a), std::move(b)};
}

template Tensor<float> concat(Context&, View<const float>, View<const float>);
template std::pair<Tensor<float>, Tensor<float>> split(Context&, View<const float>, int);
template Tensor<bfloat16> concat(Context&, View<const bfloat16>, View<const bfloat16>);
template std::pair<Tensor<bfloat16>, Tensor<bfloat16>> split(Context&, View<const bfloat16>, int);
template Tensor<float16> concat(Context&, View<const float16>, View<const float16>);
template std::pair<Tensor<float16>, Tensor<float16>> split(Context&, View<const float16>, int);

}  // namespace posecu
