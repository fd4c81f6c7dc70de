// What a training step decides on the device.
//
//   scale_loss             gradient *= loss_scale, in float: exact, since the scale is a power of 2
//   decide_step            forward_finite = 1 if all losses and running statistics are finite, else 0
//                          finite = 1 if gradient_norm is, too, else 0
//   restore_unless_finite  values = kept, if finite = 0
//
//   shapes  n elements; float, losses and gradient_norm double
//   bytes   2, 1 and 2 elements: limited by memory, or by nothing: statistics are a thousandth of the weights
//   launch  a block owns kTile neighbouring elements, which its threads take Vec by Vec: coalesced. decide_step is one
//           block, whose threads walk the statistics side by side; it counts, and adds nothing else.
#include "kernels/runtime/kernel.h"
#include "kernels/step_state.h"

namespace posecu {
namespace {

constexpr std::size_t kTile = 8192;

template <int N>
__global__ void scale_tile(float* __restrict__ gradient, const StepState* __restrict__ state, std::size_t n) {
  const std::size_t begin = blockIdx.x * kTile, end = min(begin + kTile, n);
  const std::size_t whole = end - end % N;
  const float factor = state->loss_scale;
  for (std::size_t i = begin + threadIdx.x * std::size_t{N}; i < whole; i += blockDim.x * std::size_t{N})
    store(gradient + i, load<N>(gradient + i) * Vec<N>(factor));
  for (std::size_t i = whole + threadIdx.x; i < end; i += blockDim.x) gradient[i] *= factor;
}

template <class T>
__device__ __forceinline__ int not_finite(T value) {
  return value - value == T(0) ? 0 : 1;  // infinity and NaN give NaN
}

__global__ void decide(StepState* state, StepCheck check) {
  int bad = 0;
  for (std::size_t i = threadIdx.x; i < check.statistic_count; i += blockDim.x) bad += not_finite(check.statistics[i]);
  for (int i = static_cast<int>(threadIdx.x); i < check.loss_count; i += static_cast<int>(blockDim.x))
    bad += not_finite(check.losses[i]);
  const int all = block_sum(bad);
  if (threadIdx.x == 0) {
    state->forward_finite = all == 0 ? 1 : 0;
    state->finite = all + not_finite(state->gradient_norm) == 0 ? 1 : 0;
  }
}

template <int N>
__global__ void restore(float* __restrict__ values, const float* __restrict__ kept, const StepState* __restrict__ state,
                        std::size_t n) {
  if (state->finite != 0) return;  // no barrier follows
  const std::size_t begin = blockIdx.x * kTile, end = min(begin + kTile, n);
  const std::size_t whole = end - end % N;
  for (std::size_t i = begin + threadIdx.x * std::size_t{N}; i < whole; i += blockDim.x * std::size_t{N})
    store(values + i, load<N>(kept + i));
  for (std::size_t i = whole + threadIdx.x; i < end; i += blockDim.x) values[i] = kept[i];
}

}  // namespace

void scale_loss(const Stream& stream, float* gradient, const StepState* state, std::size_t n,
                LaunchOptions launch_options) {
  launch(fits_vectors<float>(0, gradient) ? scale_tile<kLanes<float>> : scale_tile<1>, pieces(n, kTile),
         flat_block(launch_options), stream, gradient, state, n);
}

void decide_step(const Stream& stream, StepState* state, const StepCheck& check, LaunchOptions launch_options) {
  launch(decide, 1u, flat_block(launch_options), stream, state, check);
}

void restore_unless_finite(const Stream& stream, float* values, const float* kept, const StepState* state,
                           std::size_t n, LaunchOptions launch_options) {
  launch(fits_vectors<float>(0, values, kept) ? restore<kLanes<float>> : restore<1>, pieces(n, kTile),
         flat_block(launch_options), stream, values, kept, state, n);
}

}  // namespace posecu
