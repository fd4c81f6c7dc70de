#include "layers/concat.h"

#include "kernels/elementwise.h"

namespace posecu {

Tensor<float> concat(Context& context, View<const float> a, View<const float> b) {
  const Shape &s = a.shape(), &t = b.shape();
  require(s[0] == t[0] && s[1] == t[1] && s[2] == t[2], "tensors of different sizes are put side by side");
  auto y = context.tensor<float>({s[0], s[1], s[2], s[3] + t[3]});
  concat_channels<float>(context.stream(), y.data(), a.data(), b.data(), {s[0] * s[1] * s[2], s[3], t[3]});
  return y;
}

std::pair<Tensor<float>, Tensor<float>> split(Context& context, View<const float> y, int channels) {
  const Shape& s = y.shape();
  auto a = context.tensor<float>({s[0], s[1], s[2], channels});
  auto b = context.tensor<float>({s[0], s[1], s[2], s[3] - channels});
  split_channels<float>(context.stream(), a.data(), b.data(), y.data(),
                        {s[0] * s[1] * s[2], channels, s[3] - channels});
  return {std::move(a), std::move(b)};
}

}  // namespace posecu
