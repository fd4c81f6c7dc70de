#include "tests/reference/resize.h"

#include <algorithm>
#include <cmath>

namespace posecu::reference {
namespace {

// One output pixel of one axis: how much of which inputs.
struct Share {
  int first, second;
  double of_first, of_second;
};
Share share(int output, int outputs, int inputs) {
  const double place = std::max((output + 0.5) * inputs / outputs - 0.5, 0.0);
  const int first = std::min(static_cast<int>(std::floor(place)), inputs - 1);
  return {first, std::min(first + 1, inputs - 1), 1 - (place - first), place - first};
}

// Calls f(output row, output column, input row, input column, weight) for each of the four reads of each output.
template <class F>
void for_each_read(int from_h, int from_w, int to_h, int to_w, F f) {
  for (int i = 0; i < to_h; ++i)
    for (int j = 0; j < to_w; ++j) {
      const Share v = share(i, to_h, from_h), h = share(j, to_w, from_w);
      f(i, j, v.first, h.first, v.of_first * h.of_first);
      f(i, j, v.first, h.second, v.of_first * h.of_second);
      f(i, j, v.second, h.first, v.of_second * h.of_first);
      f(i, j, v.second, h.second, v.of_second * h.of_second);
    }
}

}  // namespace

Map resize_bilinear(const Map& x, int height, int width) {
  Map y(x.n, height, width, x.c);
  for_each_read(x.h, x.w, height, width, [&](int i, int j, int from_i, int from_j, double weight) {
    for (int n = 0; n < x.n; ++n)
      for (int c = 0; c < x.c; ++c) y.at(n, i, j, c) += weight * x.at(n, from_i, from_j, c);
  });
  return y;
}

Map resize_bilinear_gradient(const Map& dy, int height, int width) {
  Map dx(dy.n, height, width, dy.c);
  for_each_read(height, width, dy.h, dy.w, [&](int i, int j, int from_i, int from_j, double weight) {
    for (int n = 0; n < dy.n; ++n)
      for (int c = 0; c < dy.c; ++c) dx.at(n, from_i, from_j, c) += weight * dy.at(n, i, j, c);
  });
  return dx;
}

}  // namespace posecu::reference
