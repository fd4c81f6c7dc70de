// Batch normalisation in training mode over the rows of a matrix [rows,C], with residual sum and ReLU.
//
//   forward    mean = sum x / rows, var = sum (x - mean)^2 / rows, inv_std = 1 / sqrt(var + eps)
//              y = act(x_hat * gamma + beta + residual),  x_hat = (x - mean) * inv_std,  act: ReLU or nothing
//              running_mean <- (1 - momentum) * running_mean + momentum * mean
//              running_var  <- likewise with the unbiased variance, var * rows / (rows - 1); one row: 0
//   backward   dz = dy where y > 0 (ReLU), else dy;  dresidual = dz
//              dbeta += sum dz,  dgamma += sum dz * x_hat
//              dx = gamma * inv_std * (dz - sum dz / rows - x_hat * (sum dz * x_hat) / rows)
//
//   shapes  x, y, residual and their gradients [rows,C]  T float, bfloat16 or float16; all else [C] float
//   bytes   forward 3 elements per output element (+1 residual), backward 6 (+1 ReLU or dresidual): limited by memory
//   launch  a block owns kRows neighbouring rows; threadIdx.x steps over channels, threadIdx.y over rows: coalesced.
//   sums    of a block's rows in float, in an order that depends on the block size alone; the blocks' partial sums in
//           double by a second kernel, in one fixed order. Forward sums x - pivot, with row 0 as pivot, so that a mean
//           far from 0 costs no digits: error at most 130 * 2^-24 of the terms' absolute sum.
#include "kernels/batch_norm.h"
#include "kernels/runtime/kernel.h"

namespace posecu {
namespace {

constexpr int kRows = 128;     // of a block: fewer would make the second stage longer, more would leave a GPU idle
constexpr int kChannels = 32;  // of a block of the second stage

enum class Residual { none, used };

struct Rows {
  int begin, end;
};
__device__ __forceinline__ Rows rows_of_block(int rows) {
  const int begin = static_cast<int>(blockIdx.x) * kRows;
  return {begin, min(begin + kRows, rows)};
}

// Column sums of two quantities over this block's rows: partial[block] = [first of C channels, second of C channels].
// terms(element, channel) gives both quantities of N channels.
template <int N>
struct Terms {
  Vec<N> first, second;
};
template <int N, class F>
__device__ __forceinline__ void sum_columns(float* partial, BatchNormShape shape, F terms) {
  const auto [begin, end] = rows_of_block(shape.rows);
  const int channels = shape.channels, width = static_cast<int>(blockDim.x) * N,
            mine = static_cast<int>(threadIdx.x) * N;
  float* const sums = partial + static_cast<std::size_t>(blockIdx.x) * 2 * channels;
  for (int left = 0; left < channels; left += kKept<N> * width) {
    Vec<N> first[kKept<N>], second[kKept<N>];
    for (int j = 0; j < kKept<N> && left + j * width < channels; ++j) first[j] = second[j] = 0.f;
    for (int row = begin + static_cast<int>(threadIdx.y); row < end; row += static_cast<int>(blockDim.y))
      for (int j = 0; j < kKept<N> && left + j * width + mine < channels; ++j) {
        const int c = left + j * width + mine;
        const Terms<N> term = terms(static_cast<std::size_t>(row) * channels + c, c);
        first[j] += term.first;
        second[j] += term.second;
      }
    for (int j = 0; j < kKept<N> && left + j * width < channels; ++j) {  // the same j in all threads: barriers inside
      const Vec<N> a = block_sum_y(first[j]), b = block_sum_y(second[j]);
      const int c = left + j * width + mine;
      if (threadIdx.y == 0 && c < channels) store(sums + c, a), store(sums + channels + c, b);
    }
  }
}

template <class T, int N>
__global__ void forward_sums(float* __restrict__ partial, const T* __restrict__ x, BatchNormShape shape) {
  sum_columns<N>(partial, shape, [=](std::size_t i, int c) {
    const Vec<N> d = load<N>(x + i) - load<N>(x + c);
    return Terms<N>{d, d * d};
  });
}

template <class T, int N, Activation kActivation, Residual kResidual>
__global__ void backward_sums(float* __restrict__ partial, T* dresidual, const T* dy, const T* __restrict__ y,
                              const T* __restrict__ x, const float* __restrict__ mean,
                              const float* __restrict__ inv_std, BatchNormShape shape) {
  sum_columns<N>(partial, shape, [=](std::size_t i, int c) {
    Vec<N> dz = load<N>(dy + i);
    if constexpr (kActivation == Activation::relu) dz = relu_gradient(dz, load<N>(y + i));
    if constexpr (kResidual == Residual::used) store(dresidual + i, dz);
    return Terms<N>{dz, dz * ((load<N>(x + i) - load<N>(mean + c)) * load<N>(inv_std + c))};
  });
}

// The sum of a column of partial sums: four running sums, because one would wait for each addition.
__device__ __forceinline__ double column_sum(const float* column, int blocks, int channels) {
  double sums[4] = {0, 0, 0, 0};
  const std::size_t step = std::size_t{2} * channels;
  int block = 0;
  for (; block + 4 <= blocks; block += 4)
#pragma unroll
    for (int k = 0; k < 4; ++k) sums[k] += static_cast<double>(column[(block + k) * step]);
  for (; block < blocks; ++block) sums[0] += static_cast<double>(column[block * step]);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// Calls f(channel) for the channels of this block of the second stage.
template <class F>
__device__ __forceinline__ void for_channels(int channels, F f) {
  const int begin = static_cast<int>(blockIdx.x) * kChannels, end = min(begin + kChannels, channels);
  for (int c = begin + static_cast<int>(threadIdx.x); c < end; c += static_cast<int>(blockDim.x)) f(c);
}

template <class T>
__global__ void finish_forward(BatchNormForward<T> tensors, float* __restrict__ scale,
                               const float* __restrict__ partial, BatchNormShape shape, BatchNormOptions options,
                               int blocks) {
  const auto [rows, channels] = shape;
  for_channels(channels, [=](int c) {
    const double d = column_sum(partial + c, blocks, channels) / rows;  // mean of x - pivot
    const double square = column_sum(partial + channels + c, blocks, channels) / rows;
    const double mean = static_cast<double>(to_float(tensors.x[c])) + d, var = max(square - d * d, 0.0);
    const double inv_std = 1 / sqrt(var + static_cast<double>(options.eps));
    const double unbiased = var * rows / max(rows - 1, 1), momentum = static_cast<double>(options.momentum);
    tensors.mean[c] = static_cast<float>(mean);
    tensors.inv_std[c] = static_cast<float>(inv_std);
    tensors.running_mean[c] =
        static_cast<float>((1 - momentum) * static_cast<double>(tensors.running_mean[c]) + momentum * mean);
    tensors.running_var[c] =
        static_cast<float>((1 - momentum) * static_cast<double>(tensors.running_var[c]) + momentum * unbiased);
    scale[c] = static_cast<float>(static_cast<double>(tensors.gamma[c]) * inv_std);
  });
}

// dx = dz * coefficients[0] + (x - mean) * coefficients[1] + coefficients[2], each [C].
template <class T>
__global__ void finish_backward(BatchNormBackward<T> tensors, float* __restrict__ coefficients,
                                const float* __restrict__ partial, BatchNormShape shape, int blocks) {
  const auto [rows, channels] = shape;
  for_channels(channels, [=](int c) {
    const double dbeta = column_sum(partial + c, blocks, channels);
    const double dgamma = column_sum(partial + channels + c, blocks, channels);
    const double inv_std = static_cast<double>(tensors.inv_std[c]);
    const double scale = static_cast<double>(tensors.gamma[c]) * inv_std;
    tensors.dbeta[c] += static_cast<float>(dbeta);
    tensors.dgamma[c] += static_cast<float>(dgamma);
    coefficients[c] = static_cast<float>(scale);
    coefficients[channels + c] = static_cast<float>(-scale * inv_std * dgamma / rows);
    coefficients[2 * channels + c] = static_cast<float>(-scale * dbeta / rows);
  });
}

// Calls f(element, channel) for this block's rows, N channels at a time.
template <int N, class F>
__device__ __forceinline__ void for_elements(BatchNormShape shape, F f) {
  const auto [begin, end] = rows_of_block(shape.rows);
  for (int row = begin + static_cast<int>(threadIdx.y); row < end; row += static_cast<int>(blockDim.y))
    for (int c = static_cast<int>(threadIdx.x) * N; c < shape.channels; c += static_cast<int>(blockDim.x) * N)
      f(static_cast<std::size_t>(row) * shape.channels + c, c);
}

template <class T, int N, Activation kActivation, Residual kResidual>
__global__ void apply_forward(T* __restrict__ y, const T* __restrict__ x, const T* __restrict__ residual,
                              const float* __restrict__ mean, const float* __restrict__ scale,
                              const float* __restrict__ beta, BatchNormShape shape) {
  for_elements<N>(shape, [=](std::size_t i, int c) {
    Vec<N> value = fma(load<N>(x + i) - load<N>(mean + c), load<N>(scale + c), load<N>(beta + c));
    if constexpr (kResidual == Residual::used) value += load<N>(residual + i);
    if constexpr (kActivation == Activation::relu) value = relu(value);
    store(y + i, value);
  });
}

template <class T, int N, Activation kActivation>
__global__ void apply_backward(T* dx, const T* dy, const T* __restrict__ y, const T* __restrict__ x,
                               const float* __restrict__ mean, const float* __restrict__ coefficients,
                               BatchNormShape shape) {
  for_elements<N>(shape, [=](std::size_t i, int c) {
    Vec<N> dz = load<N>(dy + i);
    if constexpr (kActivation == Activation::relu) dz = relu_gradient(dz, load<N>(y + i));
    const float *of_dz = coefficients + c, *of_x = of_dz + shape.channels, *constant = of_x + shape.channels;
    const Vec<N> d = load<N>(x + i) - load<N>(mean + c);
    store(dx + i, fma(dz, load<N>(of_dz), fma(d, load<N>(of_x), load<N>(constant))));
  });
}

unsigned row_blocks(BatchNormShape shape) { return static_cast<unsigned>(pieces(shape.rows, kRows)); }
unsigned channel_blocks(BatchNormShape shape) { return static_cast<unsigned>(pieces(shape.channels, kChannels)); }
std::size_t partial_sums(BatchNormShape shape) { return std::size_t{2} * row_blocks(shape) * shape.channels; }

template <class T, int N>
void run_forward(const Stream& stream, const BatchNormForward<T>& t, BatchNormShape shape,
                 const BatchNormOptions& options, LaunchOptions launch_options) {
  const unsigned blocks = row_blocks(shape);
  const dim3 block = channel_block(shape.channels / N, launch_options);
  float* const scale = t.workspace + partial_sums(shape);
  const bool relu = options.activation == Activation::relu, residual = t.residual != nullptr;
  const auto apply = residual ? (relu ? apply_forward<T, N, Activation::relu, Residual::used>
                                      : apply_forward<T, N, Activation::none, Residual::used>)
                              : (relu ? apply_forward<T, N, Activation::relu, Residual::none>
                                      : apply_forward<T, N, Activation::none, Residual::none>);
  launch(forward_sums<T, N>, blocks, block, stream, t.workspace, t.x, shape);
  launch(finish_forward<T>, channel_blocks(shape), flat_block(launch_options), stream, t, scale, t.workspace, shape,
         options, static_cast<int>(blocks));
  launch(apply, blocks, block, stream, t.y, t.x, t.residual, t.mean, scale, t.beta, shape);
}

template <class T, int N>
void run_backward(const Stream& stream, const BatchNormBackward<T>& t, BatchNormShape shape,
                  const BatchNormOptions& options, LaunchOptions launch_options) {
  const unsigned blocks = row_blocks(shape);
  const dim3 block = channel_block(shape.channels / N, launch_options);
  float* const coefficients = t.workspace + partial_sums(shape);
  const bool relu = options.activation == Activation::relu, residual = t.dresidual != nullptr;
  const auto sums = residual ? (relu ? backward_sums<T, N, Activation::relu, Residual::used>
                                     : backward_sums<T, N, Activation::none, Residual::used>)
                             : (relu ? backward_sums<T, N, Activation::relu, Residual::none>
                                     : backward_sums<T, N, Activation::none, Residual::none>);
  launch(sums, blocks, block, stream, t.workspace, t.dresidual, t.dy, t.y, t.x, t.mean, t.inv_std, shape);
  launch(finish_backward<T>, channel_blocks(shape), flat_block(launch_options), stream, t, coefficients, t.workspace,
         shape, static_cast<int>(blocks));
  // The residual's gradient is dz: with it at hand, y need not be read again.
  const T* const dz = residual ? t.dresidual : t.dy;
  launch(relu && !residual ? apply_backward<T, N, Activation::relu> : apply_backward<T, N, Activation::none>, blocks,
         block, stream, t.dx, dz, t.y, t.x, t.mean, coefficients, shape);
}

}  // namespace

std::size_t batch_norm_workspace(BatchNormShape shape) {
  return partial_sums(shape) + std::size_t{3} * static_cast<std::size_t>(shape.channels);
}

template <class T>
void batch_norm_forward(const Stream& stream, const BatchNormForward<T>& t, BatchNormShape shape,
                        const BatchNormOptions& options, LaunchOptions launch_options) {
  const bool vectors = fits_vectors<T>(shape.channels, t.y, t.x, t.residual) &&
                       fits_vectors<float>(shape.channels, t.workspace, t.mean, t.beta);
  (vectors ? run_forward<T, kLanes<T>> : run_forward<T, 1>)(stream, t, shape, options, launch_options);
}

template <class T>
void batch_norm_backward(const Stream& stream, const BatchNormBackward<T>& t, BatchNormShape shape,
                         const BatchNormOptions& options, LaunchOptions launch_options) {
  const bool vectors = fits_vectors<T>(shape.channels, t.dx, t.dresidual, t.dy, t.y, t.x) &&
                       fits_vectors<float>(shape.channels, t.workspace, t.mean, t.inv_std);
  (vectors ? run_backward<T, kLanes<T>> : run_backward<T, 1>)(stream, t, shape, options, launch_options);
}

template void batch_norm_forward<float>(const Stream&, const BatchNormForward<float>&, BatchNormShape,
                                        const BatchNormOptions&, LaunchOptions);
template void batch_norm_forward<bfloat16>(const Stream&, const BatchNormForward<bfloat16>&, BatchNormShape,
                                           const BatchNormOptions&, LaunchOptions);
template void batch_norm_forward<float16>(const Stream&, const BatchNormForward<float16>&, BatchNormShape,
                                          const BatchNormOptions&, LaunchOptions);
template void batch_norm_backward<float>(const Stream&, const BatchNormBackward<float>&, BatchNormShape,
                                         const BatchNormOptions&, LaunchOptions);
template void batch_norm_backward<bfloat16>(const Stream&, const BatchNormBackward<bfloat16>&, BatchNormShape,
                                            const BatchNormOptions&, LaunchOptions);
template void batch_norm_backward<float16>(const Stream&, const BatchNormBackward<float16>&, BatchNormShape,
                                           const BatchNormOptions&, LaunchOptions);

}  // namespace posecu
