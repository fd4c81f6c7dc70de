// One update of all parameters by Adam.
//
//   m = m + (1-beta1) (g - m)         v = beta2 v + (1-beta2) g g
//   p = p - lr / (1-beta1^t) * m / (sqrt(v) / sqrt(1-beta2^t) + eps)
//
//   in the order of operations of torch.optim.Adam, whose factors are computed in double and used in float. g is the
//   gradient in memory divided by the loss scale, a power of 2: exact.
//
//   shapes  n elements of the flat buffers; float
//   bytes   reads 4, writes 3 floats an element: limited by memory
//   launch  a block owns kTile neighbouring elements, which its threads take Vec by Vec: coalesced. No sums.
#include "kernels/adam.h"
#include "kernels/runtime/kernel.h"

namespace posecu {
namespace {

constexpr std::size_t kTile = 8192;

template <int N>
__device__ __forceinline__ void update(float* p, float* m, float* v, const float* gradient, AdamFactors f,
                                       float unscale) {
  const Vec<N> g = load<N>(gradient) * Vec<N>(unscale), old_mean = load<N>(m);
  const Vec<N> mean = fma(Vec<N>(f.toward_gradient), g - old_mean, old_mean);
  const Vec<N> square = fma(Vec<N>(f.take_square) * g, g, load<N>(v) * Vec<N>(f.keep_square));
  const Vec<N> deviation = sqrt(square) / Vec<N>(f.deviation_divisor) + Vec<N>(f.eps);
  store(m, mean);
  store(v, square);
  store(p, load<N>(p) - Vec<N>(f.step_size) * mean / deviation);
}

template <int N>
__global__ void adam(float* __restrict__ p, float* __restrict__ m, float* __restrict__ v,
                     const float* __restrict__ gradients, std::size_t n, const StepState* __restrict__ state) {
  if (state->finite == 0) return;  // no barrier follows
  const AdamFactors factors = state->adam;
  const float unscale = 1.f / state->loss_scale;
  const std::size_t begin = blockIdx.x * kTile, end = min(begin + kTile, n);
  const std::size_t whole = end - end % N;
  for (std::size_t i = begin + threadIdx.x * std::size_t{N}; i < whole; i += blockDim.x * std::size_t{N})
    update<N>(p + i, m + i, v + i, gradients + i, factors, unscale);
  for (std::size_t i = whole + threadIdx.x; i < end; i += blockDim.x)
    update<1>(p + i, m + i, v + i, gradients + i, factors, unscale);
}

}  // namespace

AdamFactors adam_factors(const AdamRule& rule) {
  const auto steps = static_cast<double>(rule.step);
  const double correction1 = 1 - std::pow(rule.beta1, steps), correction2 = 1 - std::pow(rule.beta2, steps);
  return {.toward_gradient = static_cast<float>(1 - rule.beta1),
          .keep_square = static_cast<float>(rule.beta2),
          .take_square = static_cast<float>(1 - rule.beta2),
          .step_size = static_cast<float>(rule.learning_rate / correction1),
          .deviation_divisor = static_cast<float>(std::sqrt(correction2)),
          .eps = static_cast<float>(rule.eps)};
}

void adam_update(const Stream& stream, float* parameters, float* m, float* v, const float* gradients, std::size_t n,
                 const StepState* state, LaunchOptions launch_options) {
  const bool vectors = fits_vectors<float>(0, parameters, m, v, gradients);
  launch(vectors ? adam<kLanes<float>> : adam<1>, pieces(n, kTile), static_cast<unsigned>(launch_options.threads),
         stream, parameters, m, v, gradients, n, state);
}

}  // namespace posecu
