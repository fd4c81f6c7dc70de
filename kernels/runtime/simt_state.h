// What simt.cpp (fibers, barriers) tells simt_memory.cpp (the checker of accesses).
#pragma once

#include <cstddef>

namespace posecu::simt {

// When an access happens, in steps that barriers order, and who does it. A launch's number is never 0.
struct Moment {
  unsigned launch = 0, block = 0;
  unsigned barrier = 0;  // how many times this block's threads have met
  unsigned warp = 0;     // how many times this thread's warp has met
  int thread = -1;
};

struct Running {
  Moment now;
  const std::byte *stack_begin, *stack_end;  // of the running fiber
};

// Null while no kernel runs: then the host's own accesses are not checked.
const Running* running();

}  // namespace posecu::simt
