// A bias for each channel, a sum and ReLU after a convolution, and the bias's gradient.
//
//   forward    y[r,c] = activation(x[r,c] + bias[c] + sum[r,c])
//   backward   dbias[c] += sum over r of dy[r,c]
//
//   shapes  x, y, sum, dy [rows,C], bias [C]: T   dbias [C] float     math in float
//   bytes   forward 2 elements an output element (+1 sum), backward reads dy once: limited by memory
//   launch  a block owns kRows neighbouring rows; neighbouring threads take neighbouring channels of a row: coalesced.
//   sums    of a block's rows in float, in an order that depends on the block size alone; the blocks' partial sums in
//           double by a second kernel, in their order. Error at most 130 * 2^-24 of the terms' absolute sum.
#include "kernels/bias.h"
#include "kernels/runtime/kernel.h"

namespace posecu {
namespace {

constexpr int kRows = 128;     // of a block
constexpr int kChannels = 32;  // of a block of the second stage

template <class T, int N>
__global__ void add_bias_rows(T* y, const T* x, const T* __restrict__ bias, const T* sum, BiasShape shape,
                              Activation activation) {
  const auto [rows, channels] = shape;
  const int begin = static_cast<int>(blockIdx.x) * kRows, end = min(begin + kRows, rows);
  for (int row = begin + static_cast<int>(threadIdx.y); row < end; row += static_cast<int>(blockDim.y)) {
    const std::size_t first = static_cast<std::size_t>(row) * channels;
    for (int c = static_cast<int>(threadIdx.x) * N; c < channels; c += static_cast<int>(blockDim.x) * N) {
      Vec<N> value = load<N>(x + first + c);
      if (bias != nullptr) value += load<N>(bias + c);
      if (sum != nullptr) value += load<N>(sum + first + c);
      store(y + first + c, activation == Activation::relu ? relu(value) : value);
    }
  }
}

template <class T, int N>
__global__ void column_sums(float* __restrict__ partial, const T* __restrict__ dy, BiasShape shape) {
  const auto [rows, channels] = shape;
  const int begin = static_cast<int>(blockIdx.x) * kRows, end = min(begin + kRows, rows);
  const int width = static_cast<int>(blockDim.x) * N, mine = static_cast<int>(threadIdx.x) * N;
  float* const sums = partial + static_cast<std::size_t>(blockIdx.x) * channels;
  for (int left = 0; left < channels; left += kKept<N> * width) {
    Vec<N> kept[kKept<N>];
    for (int j = 0; j < kKept<N> && left + j * width < channels; ++j) kept[j] = 0.f;
    for (int row = begin + static_cast<int>(threadIdx.y); row < end; row += static_cast<int>(blockDim.y))
      for (int j = 0; j < kKept<N> && left + j * width + mine < channels; ++j)
        kept[j] += load<N>(dy + static_cast<std::size_t>(row) * channels + left + j * width + mine);
    for (int j = 0; j < kKept<N> && left + j * width < channels; ++j) {  // the same j in all threads: barriers inside
      const Vec<N> total = block_sum_y(kept[j]);
      const int c = left + j * width + mine;
      if (threadIdx.y == 0 && c < channels) store(sums + c, total);
    }
  }
}

__global__ void finish_sums(float* __restrict__ dbias, const float* __restrict__ partial, int channels, int blocks) {
  const int begin = static_cast<int>(blockIdx.x) * kChannels, end = min(begin + kChannels, channels);
  for (int c = begin + static_cast<int>(threadIdx.x); c < end; c += static_cast<int>(blockDim.x)) {
    double total = 0;
    for (int block = 0; block < blocks; ++block)
      total += static_cast<double>(partial[static_cast<std::size_t>(block) * channels + c]);
    dbias[c] += static_cast<float>(total);
  }
}

}  // namespace

template <class T>
void add_bias(const Stream& stream, T* y, const T* x, const T* bias, const T* sum, BiasShape shape,
              Activation activation, LaunchOptions launch_options) {
  const bool vectors = fits_vectors<T>(shape.channels, y, x, bias, sum);
  launch(vectors ? add_bias_rows<T, kLanes<T>> : add_bias_rows<T, 1>, pieces(shape.rows, kRows),
         channel_block(vectors ? shape.channels / kLanes<T> : shape.channels, launch_options), stream, y, x, bias, sum,
         shape, activation);
}

std::size_t bias_gradient_workspace(BiasShape shape) {
  return static_cast<std::size_t>(pieces(shape.rows, kRows)) * static_cast<std::size_t>(shape.channels);
}

template <class T>
void accumulate_bias_gradient(const Stream& stream, float* dbias, float* workspace, const T* dy, BiasShape shape,
                              LaunchOptions launch_options) {
  const bool vectors = fits_vectors<T>(shape.channels, dy) && fits_vectors<float>(shape.channels, workspace);
  const int blocks = pieces(shape.rows, kRows);
  launch(vectors ? column_sums<T, kLanes<T>> : column_sums<T, 1>, blocks,
         channel_block(vectors ? shape.channels / kLanes<T> : shape.channels, launch_options), stream, workspace, dy,
         shape);
  launch(finish_sums, pieces(shape.channels, kChannels), flat_block(launch_options), stream, dbias, workspace,
         shape.channels, blocks);
}

template void add_bias<float>(const Stream&, float*, const float*, const float*, const float*, BiasShape, Activation,
                              LaunchOptions);
template void add_bias<bfloat16>(const Stream&, bfloat16*, const bfloat16*, const bfloat16*, const bfloat16*, BiasShape,
                                 Activation, LaunchOptions);
template void add_bias<float16>(const Stream&, float16*, const float16*, const float16*, const float16*, BiasShape,
                                Activation, LaunchOptions);
template void accumulate_bias_gradient<float>(const Stream&, float*, float*, const float*, BiasShape, LaunchOptions);
template void accumulate_bias_gradient<bfloat16>(const Stream&, float*, float*, const bfloat16*, BiasShape,
                                                 LaunchOptions);
template void accumulate_bias_gradient<float16>(const Stream&, float*, float*, const float16*, BiasShape,
                                                LaunchOptions);

}  // namespace posecu
