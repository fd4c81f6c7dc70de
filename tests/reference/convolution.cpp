#include "tests/reference/convolution.h"

namespace posecu::reference {
namespace {

// Calls f(b, i, j, o, p, q, row, column, c) for every product of a convolution: pixel (i, j) and channel o of the small
// side, tap (p, q), pixel (row, column) and channel c of the large side. What falls outside the large side is left out.
template <class F>
void for_products(const Map& large, const Map& small, const Kernel& kernel, const F& f) {
  for (int b = 0; b < small.n; ++b)
    for (int i = 0; i < small.h; ++i)
      for (int j = 0; j < small.w; ++j)
        for (int p = 0; p < kernel.side; ++p)
          for (int q = 0; q < kernel.side; ++q) {
            const int row = i * kernel.stride + p - kernel.padding, column = j * kernel.stride + q - kernel.padding;
            if (row < 0 || row >= large.h || column < 0 || column >= large.w) continue;
            for (int o = 0; o < small.c; ++o)
              for (int c = 0; c < large.c; ++c) f(b, i, j, o, p, q, row, column, c);
          }
}

// Element [first,second,p,q] of weights whose second axis has `seconds` entries.
std::size_t tap(const Kernel& kernel, int seconds, int first, int second, int p, int q) {
  return static_cast<std::size_t>(((first * seconds + second) * kernel.side + p) * kernel.side + q);
}

}  // namespace

Map convolution(const Map& x, const Values& weight, const Values& bias, const Kernel& kernel) {
  Map y(x.n, (x.h + 2 * kernel.padding - kernel.side) / kernel.stride + 1,
        (x.w + 2 * kernel.padding - kernel.side) / kernel.stride + 1, kernel.out);
  for (std::size_t i = 0; i < y.values.size() && !bias.empty(); ++i) y.values[i] = bias[i % bias.size()];
  for_products(x, y, kernel, [&](int b, int i, int j, int o, int p, int q, int row, int column, int c) {
    y.at(b, i, j, o) += x.at(b, row, column, c) * weight[tap(kernel, kernel.in, o, c, p, q)];
  });
  return y;
}

Map transposed_convolution(const Map& x, const Values& weight, const Kernel& kernel) {
  Map y(x.n, (x.h - 1) * kernel.stride - 2 * kernel.padding + kernel.side,
        (x.w - 1) * kernel.stride - 2 * kernel.padding + kernel.side, kernel.out);
  for_products(y, x, kernel, [&](int b, int i, int j, int c, int p, int q, int row, int column, int o) {
    y.at(b, row, column, o) += x.at(b, i, j, c) * weight[tap(kernel, kernel.out, c, o, p, q)];
  });
  return y;
}

ConvolutionGradients convolution_gradients(const Map& x, const Values& weight, const Map& dy, const Kernel& kernel) {
  ConvolutionGradients result{Map(x.n, x.h, x.w, x.c), Values(weight.size()), Values(static_cast<std::size_t>(dy.c))};
  for_products(x, dy, kernel, [&](int b, int i, int j, int o, int p, int q, int row, int column, int c) {
    result.x.at(b, row, column, c) += dy.at(b, i, j, o) * weight[tap(kernel, kernel.in, o, c, p, q)];
    result.weight[tap(kernel, kernel.in, o, c, p, q)] += dy.at(b, i, j, o) * x.at(b, row, column, c);
  });
  for (std::size_t i = 0; i < dy.values.size(); ++i) result.bias[i % result.bias.size()] += dy.values[i];
  return result;
}

ConvolutionGradients transposed_convolution_gradients(const Map& x, const Values& weight, const Map& dy,
                                                      const Kernel& kernel) {
  ConvolutionGradients result{Map(x.n, x.h, x.w, x.c), Values(weight.size()), {}};
  for_products(dy, x, kernel, [&](int b, int i, int j, int c, int p, int q, int row, int column, int o) {
    result.x.at(b, i, j, c) += dy.at(b, row, column, o) * weight[tap(kernel, kernel.out, c, o, p, q)];
    result.weight[tap(kernel, kernel.out, c, o, p, q)] += dy.at(b, row, column, o) * x.at(b, i, j, c);
  });
  return result;
}

}  // namespace posecu::reference
