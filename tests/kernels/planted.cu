// Sums of tiles through shared memory: the smallest kernel that needs everything the checker watches.
//
//   y[i] = sum of x[j] over the tile of i, tile = block's part of x; one block a tile, any number of threads
#include "kernels/runtime/kernel.h"
#include "planted.h"

namespace posecu {
namespace {

template <Planted kBug>
__global__ void tile_sums_kernel(float* y, const float* x, float* elsewhere, int n, int tile) {
  __shared__ float partial[kMaxThreads];
  const int threads = static_cast<int>(blockDim.x), thread = static_cast<int>(threadIdx.x);
  const int begin = static_cast<int>(blockIdx.x) * tile;
  float mine = 0.f;
  for (int i = thread; i < tile; i += threads) mine += x[begin + i];
  if constexpr (kBug == Planted::early_return)
    if (thread == threads - 1 && threads > 1) return;
  if constexpr (kBug == Planted::unwritten_shared_memory) {
    if (thread > 0) partial[thread] = mine;
  } else {
    partial[thread] = mine;
  }
  if constexpr (kBug == Planted::divergent_barrier) {
    if (thread % 2 == 0) {
      __syncthreads();
      mine += 0.f;
    } else {
      __syncthreads();
      mine -= 0.f;
    }
  } else if constexpr (kBug == Planted::stuck_warp) {
    if (thread % 32 < 16) mine += block_sum(0.f);
    __syncthreads();
  } else if constexpr (kBug != Planted::missing_barrier) {
    __syncthreads();
  }
  float sum = 0.f;
  const int counted = kBug == Planted::depends_on_block_size ? min(threads, 32) : threads;
  for (int i = 0; i < counted; ++i) sum += partial[i];
  if constexpr (kBug == Planted::missing_barrier_on_reuse) partial[thread] = sum;
  if constexpr (kBug == Planted::write_past_the_end)
    if (thread == 0) y[begin + tile] = sum;
  if constexpr (kBug == Planted::read_past_the_end)
    if (thread == 0) sum += 0.f * x[n];
  if constexpr (kBug == Planted::colliding_blocks)
    if (thread == 0) y[0] = sum;
  if constexpr (kBug == Planted::colliding_threads) y[begin] = sum;
  if constexpr (kBug == Planted::unregistered_memory) elsewhere[thread] = sum;
#if defined(POSECU_SIMT)
  if constexpr (kBug == Planted::misaligned_vector) sum += 0.f * lane(load<4>(x + begin + 1), 0);
  if constexpr (kBug == Planted::absent_lane) sum += 0.f * __shfl_sync(0xffffffffu, sum, 32 + thread % 2);
#endif
  for (int i = thread; i < tile; i += threads) y[begin + i] = sum;
}

}  // namespace

void tile_sums(const Stream& stream, float* y, const float* x, int n, int tile, Planted bug,
               LaunchOptions launch_options) {
  float elsewhere[kMaxThreads];
  const auto run = [&](auto kernel) {
    launch(kernel, pieces(n, tile), flat_block(launch_options), stream, y, x, static_cast<float*>(elsewhere), n, tile);
  };
  switch (bug) {
    case Planted::none:
      return run(tile_sums_kernel<Planted::none>);
    case Planted::missing_barrier:
      return run(tile_sums_kernel<Planted::missing_barrier>);
    case Planted::missing_barrier_on_reuse:
      return run(tile_sums_kernel<Planted::missing_barrier_on_reuse>);
    case Planted::write_past_the_end:
      return run(tile_sums_kernel<Planted::write_past_the_end>);
    case Planted::read_past_the_end:
      return run(tile_sums_kernel<Planted::read_past_the_end>);
    case Planted::depends_on_block_size:
      return run(tile_sums_kernel<Planted::depends_on_block_size>);
    case Planted::unwritten_shared_memory:
      return run(tile_sums_kernel<Planted::unwritten_shared_memory>);
    case Planted::early_return:
      return run(tile_sums_kernel<Planted::early_return>);
    case Planted::divergent_barrier:
      return run(tile_sums_kernel<Planted::divergent_barrier>);
    case Planted::stuck_warp:
      return run(tile_sums_kernel<Planted::stuck_warp>);
    case Planted::colliding_blocks:
      return run(tile_sums_kernel<Planted::colliding_blocks>);
    case Planted::colliding_threads:
      return run(tile_sums_kernel<Planted::colliding_threads>);
    case Planted::misaligned_vector:
      return run(tile_sums_kernel<Planted::misaligned_vector>);
    case Planted::absent_lane:
      return run(tile_sums_kernel<Planted::absent_lane>);
    case Planted::unregistered_memory:
      return run(tile_sums_kernel<Planted::unregistered_memory>);
  }
}

}  // namespace posecu
