// Kernels with planted bugs, and sound twins of them: the harness must report the first and pass the second.
#pragma once

#include "core/context.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

enum class Planted {
  none,
  missing_barrier,           // reads a neighbour's shared value without a barrier
  missing_barrier_on_reuse,  // overwrites shared memory that others may still read
  write_past_the_end,
  read_past_the_end,
  depends_on_block_size,  // adds up what its block's threads hold, but only the first 32
  unwritten_shared_memory,
  early_return,        // a thread leaves before the barrier that the others wait at
  divergent_barrier,   // threads wait at two different barriers
  stuck_warp,          // half a warp shuffles, the other half waits for the block
  colliding_blocks,    // all blocks write one place
  colliding_threads,   // two threads write one place between barriers
  misaligned_vector,   // a 16-byte access at an odd element
  absent_lane,         // shuffles with a lane that the block does not have
  unregistered_memory  // writes to memory that was not handed in
};

// y[i] = sum of x over i's tile of `tile` elements, with `bug` planted. n is a multiple of tile.
void tile_sums(const Stream& stream, float* y, const float* x, int n, int tile, Planted bug,
               LaunchOptions launch_options);

}  // namespace posecu
