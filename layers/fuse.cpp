#include "layers/fuse.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/profile.h"
#include "kernels/fuse.h"
#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/float16.h"

namespace posecu {
namespace {

FuseShape fuse_shape(const Shape& y, std::span<const Shape> inputs) {
  require(!inputs.empty() && inputs.size() <= kMaxFused, "one to four branches are fused");
  FuseShape result{y[0], y[1], y[2], y[3], static_cast<int>(inputs.size()), {1, 1, 1, 1}};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Shape& x = inputs[i];
    const int factor = y[1] / x[1];
    require(x == Shape({y[0], y[1] / factor, y[2] / factor, y[3]}) && y[1] % factor == 0 && y[2] % factor == 0,
            "branches of sizes that do not divide each other are fused");
    result.factors[i] = factor;
  }
  return result;
}

template <class T>
Work work_of(std::string_view kind, const Shape& y, std::span<const Shape> inputs, int passes_over_y) {
  double elements = static_cast<double>(y.elements()) * passes_over_y;
  for (const Shape& x : inputs) elements += static_cast<double>(x.elements());
  return {kind, fmt::format("{} of {}", describe_map(y), inputs.size()), elements * sizeof(T), 0};
}

}  // namespace

template <class T>
Tensor<T> fuse_branches(Context& context, std::span<const View<const T>> inputs) {
  std::vector<Shape> shapes;
  std::array<const T*, kMaxFused> data{};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    shapes.push_back(inputs[i].shape());
    data[i] = inputs[i].data();
  }
  const Shape largest = *std::ranges::max_element(shapes, {}, &Shape::elements);
  auto y = context.tensor<T>(largest);
  const Measured measured(context, [&] { return work_of<T>("fusion", largest, shapes, 1); });
  fuse_forward<T>(context.stream(), y.data(), data, fuse_shape(largest, shapes));
  return y;
}

template <class T>
FuseGradients<T> fuse_branches_backward(Context& context, Tensor<T> dy, View<const T> y,
                                        std::span<const Shape> inputs) {
  const FuseShape shape = fuse_shape(y.shape(), inputs);
  const Measured measured(context, [&] { return work_of<T>("fusion backward", y.shape(), inputs, 2); });
  FuseGradients<T> result;
  std::array<T*, kMaxFused> data{};
  bool full_given = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    auto& gradient = result.reduced.emplace_back();
    if (inputs[i] != y.shape()) {
      gradient = context.tensor<T>(inputs[i]);
      data[i] = gradient.data();
    } else if (!std::exchange(full_given, true)) {
      data[i] = dy.data();
    }
  }
  fuse_backward<T>(context.stream(), data, dy.data(), y.data(), shape);
  result.full = std::move(dy);
  return result;
}

template Tensor<float> fuse_branches(Context&, std::span<const View<const float>>);
template FuseGradients<float> fuse_branches_backward(Context&, Tensor<float>, View<const float>,
                                                     std::span<const Shape>);
template Tensor<bfloat16> fuse_branches(Context&, std::span<const View<const bfloat16>>);
template FuseGradients<bfloat16> fuse_branches_backward(Context&, Tensor<bfloat16>, View<const bfloat16>,
                                                        std::span<const Shape>);
template Tensor<float16> fuse_branches(Context&, std::span<const View<const float16>>);
template FuseGradients<float16> fuse_branches_backward(Context&, Tensor<float16>, View<const float16>,
                                                       std::span<const Shape>);

}  // namespace posecu
