// The L2 norm of all gradients together: one look at a training's health, and the check that every value is finite.
//
//   formula  norm = sqrt(sum over i of g_i^2)     inf and NaN in any g_i, and overflowing squares, stay visible in it
//   shapes   g [n] float; partial sums [n / kTile] and norm [1] double
//   bytes    1 element read: limited by memory
//   launch   a block owns kTile neighbouring elements, which its threads take Vec by Vec, neighbours next to each
//            other: coalesced. A thread sums in float, lane by lane, blocks join in double: one block adds their sums
//            up in order. Relative error at most kTile * 2^-24 (all terms are positive), the same bits on every run.
#include "kernels/gradient_norm.h"
#include "kernels/runtime/kernel.h"

namespace posecu {
namespace {

constexpr std::size_t kTile = 8192;

template <int N>
__global__ void sum_squares(double* __restrict__ partial, const float* __restrict__ g, std::size_t n) {
  const std::size_t begin = blockIdx.x * kTile, end = min(begin + kTile, n);
  const std::size_t whole = end - end % N;  // kTile is a multiple of N: only the last tile has a rest
  Vec<N> squares(0.f);
  for (std::size_t i = begin + threadIdx.x * std::size_t{N}; i < whole; i += blockDim.x * std::size_t{N}) {
    const Vec<N> value = load<N>(g + i);
    squares = fma(value, value, squares);
  }
  float total = sum(squares);
  for (std::size_t i = whole + threadIdx.x; i < end; i += blockDim.x) total += g[i] * g[i];
  const double all = block_sum(static_cast<double>(total));
  if (threadIdx.x == 0) partial[blockIdx.x] = all;
}

__global__ void join(double* __restrict__ norm, const double* __restrict__ partial, unsigned partials) {
  double sum_of_mine = 0;
  for (unsigned i = threadIdx.x; i < partials; i += blockDim.x) sum_of_mine += partial[i];
  const double all = block_sum(sum_of_mine);
  if (threadIdx.x == 0) norm[0] = sqrt(all);
}

}  // namespace

std::size_t gradient_norm_scratch(std::size_t n) { return pieces(n, kTile); }

void gradient_norm(const Stream& stream, double* norm, double* scratch, const float* gradients, std::size_t n,
                   LaunchOptions launch_options) {
  const auto threads = static_cast<unsigned>(launch_options.threads);
  const auto kernel = fits_vectors<float>(0, gradients) ? sum_squares<kLanes<float>> : sum_squares<1>;
  launch(kernel, pieces(n, kTile), threads, stream, scratch, gradients, n);
  launch(join, 1, threads, stream, norm, scratch, pieces(n, kTile));
}

}  // namespace posecu
