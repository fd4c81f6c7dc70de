// The simt build: host memory that the fibers' checker knows, blocks of several sizes in several schedules.
#include <fmt/format.h>

#include "kernel_test.h"
#include "kernels/runtime/simt.h"

namespace posecu {

void KernelMemory::attach(std::size_t element) {
  kernels_ = host_;
  simt::register_memory(kernels_, size_, element);
}
void KernelMemory::detach() { simt::forget_memory(kernels_); }
void KernelMemory::refresh() const {}
void KernelMemory::before_launch() {}

void for_each_run(const std::function<void(const KernelRun&)>& check) {
  for (const int threads : {1, 32, 96, 256})
    for (const unsigned seed : {1U, 2U, 3U}) {
      const KernelRun run{{}, {threads}, fmt::format("block of {} threads, schedule {}", threads, seed)};
      SCOPED_TRACE(run.name);
      simt::set_seed(seed);
      simt::clear_reports();
      check(run);
      for (const std::string& report : simt::reports()) ADD_FAILURE() << report;
      simt::clear_reports();
    }
}

}  // namespace posecu
