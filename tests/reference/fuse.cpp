#include "tests/reference/fuse.h"

#include <algorithm>

namespace posecu::reference {
namespace {

Map sum_of_enlarged(const std::vector<Map>& inputs, const std::vector<int>& factors) {
  Map sum(inputs[0].n, inputs[0].h * factors[0], inputs[0].w * factors[0], inputs[0].c);
  for (std::size_t input = 0; input < inputs.size(); ++input)
    for (int n = 0; n < sum.n; ++n)
      for (int i = 0; i < sum.h; ++i)
        for (int j = 0; j < sum.w; ++j)
          for (int c = 0; c < sum.c; ++c)
            sum.at(n, i, j, c) += inputs[input].at(n, i / factors[input], j / factors[input], c);
  return sum;
}

}  // namespace

Map fuse(const std::vector<Map>& inputs, const std::vector<int>& factors) {
  Map y = sum_of_enlarged(inputs, factors);
  for (double& value : y.values) value = std::max(value, 0.0);
  return y;
}

std::vector<Map> fuse_gradients(const std::vector<Map>& inputs, const std::vector<int>& factors, const Map& dy) {
  const Map sum = sum_of_enlarged(inputs, factors);
  std::vector<Map> gradients;
  for (std::size_t input = 0; input < inputs.size(); ++input) {
    Map dx(inputs[input].n, inputs[input].h, inputs[input].w, inputs[input].c);
    for (int n = 0; n < sum.n; ++n)
      for (int i = 0; i < sum.h; ++i)
        for (int j = 0; j < sum.w; ++j)
          for (int c = 0; c < sum.c; ++c)
            if (sum.at(n, i, j, c) > 0) dx.at(n, i / factors[input], j / factors[input], c) += dy.at(n, i, j, c);
    gradients.push_back(dx);
  }
  return gradients;
}

}  // namespace posecu::reference
