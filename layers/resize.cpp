#include "layers/resize.h"

#include "core/profile.h"
#include "kernels/resize.h"

namespace posecu {

Tensor<float> resize_bilinear(Context& context, View<const float> x, int height, int width) {
  const Shape& s = x.shape();
  auto y = context.tensor<float>({s[0], height, width, s[3]});
  const Measured measured(context, [&] {
    return Work{"resize", describe_map(s), static_cast<double>(s.elements() + y.elements()) * sizeof(float), 0};
  });
  resize_bilinear_forward<float>(context.stream(), y.data(), x.data(), {s[0], s[3], s[1], s[2], height, width});
  return y;
}

}  // namespace posecu
