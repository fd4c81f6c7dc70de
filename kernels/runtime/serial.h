// The serial build: CUDA's words on plain CPU code. A block is one call of the kernel by one thread, so the compiler
// sees ordinary loops over contiguous memory; barriers vanish and collectives are identities.
#pragma once

#include "kernels/runtime/host.h"

#define __shared__  // a block's shared memory is a local variable of its one call

inline constexpr uint3 threadIdx{0, 0, 0};
inline constexpr dim3 blockDim{1, 1, 1};
inline constinit thread_local uint3 blockIdx{0, 0, 0};
inline constinit thread_local dim3 gridDim{1, 1, 1};

namespace posecu {

__forceinline__ void __syncthreads() {}

// Runs the blocks on stream.pool, or in the calling thread when there is none; returns when all are done.
template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 /*block*/, const Stream& stream, const A&... args) {
  if (stream.dry_run) return;
  const auto run = [&](unsigned number) {
    gridDim = grid;
    blockIdx = block_index(grid, number);
    kernel(args...);
  };
  const unsigned blocks = grid.x * grid.y * grid.z;
  if (stream.pool != nullptr) {
    stream.pool->parallel(blocks, run);
  } else {
    for (unsigned number = 0; number < blocks; ++number) run(number);
  }
}

}  // namespace posecu
