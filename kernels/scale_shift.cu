// Batch norm by its running statistics: a factor and a summand for each channel, then ReLU.
//
//   y[r,c] = activation(scale[c] * x[r,c] + shift[c])
//   scale[c] = gamma[c] / sqrt(var[c] + eps), shift[c] = beta[c] - mean[c] * scale[c], in double
//
//   shapes  x, y [rows,C]   scale, shift [C] float     T float, bfloat16 or float16, math in float
//   bytes   2 elements an output element: limited by memory
//   launch  a block owns kRows neighbouring rows; neighbouring threads take neighbouring channels of one row, so every
//           access is coalesced.
#include "kernels/runtime/kernel.h"
#include "kernels/scale_shift.h"

namespace posecu {
namespace {

constexpr int kRows = 128;

template <class T, int N, Activation kActivation>
__global__ void scale_shift_rows(T* y, const T* x, const float* __restrict__ scale, const float* __restrict__ shift,
                                 BatchNormShape shape) {
  const auto [rows, channels] = shape;
  const int begin = static_cast<int>(blockIdx.x) * kRows, end = min(begin + kRows, rows);
  for (int row = begin + static_cast<int>(threadIdx.y); row < end; row += static_cast<int>(blockDim.y)) {
    const std::size_t first = static_cast<std::size_t>(row) * static_cast<std::size_t>(channels);
    for (int c = static_cast<int>(threadIdx.x) * N; c < channels; c += static_cast<int>(blockDim.x) * N) {
      const std::size_t i = first + static_cast<std::size_t>(c);
      const Vec<N> value = fma(load<N>(scale + c), load<N>(x + i), load<N>(shift + c));
      store(y + i, kActivation == Activation::relu ? relu(value) : value);
    }
  }
}

__global__ void fold(float* __restrict__ scale, float* __restrict__ shift, BatchNormStatistics statistics, int channels,
                     float eps) {
  const int begin = static_cast<int>(blockIdx.x) * kRows, end = min(begin + kRows, channels);
  for (int c = begin + static_cast<int>(threadIdx.x); c < end; c += static_cast<int>(blockDim.x)) {
    const double factor = static_cast<double>(statistics.gamma[c]) /
                          sqrt(static_cast<double>(statistics.var[c]) + static_cast<double>(eps));
    scale[c] = static_cast<float>(factor);
    shift[c] =
        static_cast<float>(static_cast<double>(statistics.beta[c]) - static_cast<double>(statistics.mean[c]) * factor);
  }
}

template <class T, int N>
void launch_scale_shift(const Stream& stream, T* y, const T* x, const float* scale, const float* shift,
                        BatchNormShape shape, Activation activation, LaunchOptions launch_options) {
  launch(activation == Activation::relu ? scale_shift_rows<T, N, Activation::relu>
                                        : scale_shift_rows<T, N, Activation::none>,
         pieces(shape.rows, kRows), channel_block(shape.channels / N, launch_options), stream, y, x, scale, shift,
         shape);
}

}  // namespace

template <class T>
void scale_shift(const Stream& stream, T* y, const T* x, const float* scale, const float* shift, BatchNormShape shape,
                 Activation activation, LaunchOptions launch_options) {
  const auto run = fits_vectors<T>(shape.channels, y, x) && fits_vectors<float>(shape.channels, scale, shift)
                       ? launch_scale_shift<T, kLanes<T>>
                       : launch_scale_shift<T, 1>;
  run(stream, y, x, scale, shift, shape, activation, launch_options);
}

void fold_batch_norm(const Stream& stream, float* scale, float* shift, const BatchNormStatistics& statistics,
                     int channels, float eps, LaunchOptions launch_options) {
  launch(fold, static_cast<unsigned>(pieces(channels, kRows)), flat_block(launch_options), stream, scale, shift,
         statistics, channels, eps);
}

template void scale_shift<float>(const Stream&, float*, const float*, const float*, const float*, BatchNormShape,
                                 Activation, LaunchOptions);
template void scale_shift<bfloat16>(const Stream&, bfloat16*, const bfloat16*, const float*, const float*,
                                    BatchNormShape, Activation, LaunchOptions);
template void scale_shift<float16>(const Stream&, float16*, const float16*, const float*, const float*, BatchNormShape,
                                   Activation, LaunchOptions);

}  // namespace posecu
