// How many threads a block has: a launcher's last parameter, so that tests can run every kernel at other block sizes.
#pragma once

namespace posecu {

// Results that are computed element by element are the same bits at every block size; sums agree within rounding.
struct LaunchOptions {
  int threads = 256;  // of a block, at most kMaxThreads; ignored on the CPU, where a block is one thread
};

inline constexpr int kMaxThreads = 256;

}  // namespace posecu
