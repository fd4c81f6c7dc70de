// The serial build: host memory, the calling thread or a pool.
#include "kernel_test.h"

namespace posecu {

void KernelMemory::attach(std::size_t) { kernels_ = host_; }
void KernelMemory::detach() {}
void KernelMemory::refresh() const {}
void KernelMemory::before_launch() {}

void for_each_run(const std::function<void(const KernelRun&)>& check) {
  ThreadPool pool(3);
  const Stream alone, pooled{.pool = &pool};
  for (const KernelRun& run :
       {KernelRun{alone, {}, "calling thread"}, {pooled, {}, "pool of 3"}, {pooled, {}, "pool of 3 again"}}) {
    SCOPED_TRACE(run.name);
    check(run);
  }
}

}  // namespace posecu
