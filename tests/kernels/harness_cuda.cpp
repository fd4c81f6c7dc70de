// The cuda build: every buffer twice, in the GPU's memory for kernels and in the host's for the test. A launch is when
// one becomes the other: before it, what the host changed goes up; after it, what the host looks at comes down.
#include <cuda_runtime.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <set>

#include "kernel_test.h"

namespace posecu {
namespace {

struct Device {
  cudaStream_t stream = nullptr;
  std::size_t launches = 0;
  std::set<KernelMemory*> memories;
};

// An error of the GPU leaves nothing that could be tested.
void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  ADD_FAILURE() << what << ": " << cudaGetErrorString(error) << " (" << cudaGetErrorName(error) << ')';
  ::testing::GTEST_FLAG(fail_fast) = true;
}

Device& device() {
  static Device the = [] {
    Device made;
    const cudaError_t error = cudaStreamCreateWithFlags(&made.stream, cudaStreamNonBlocking);
    if (error == cudaSuccess) return made;
    std::fprintf(stderr, "skipped, no CUDA device: %s\n", cudaGetErrorString(error));
    std::exit(77);
  }();
  return the;
}

// compute-sanitizer sees every access outside of an allocation: then allocations have no red zones.
std::size_t on_device(std::size_t red_zone) {
  static const bool sanitized = std::getenv("POSECU_NO_RED_ZONES") != nullptr;
  return sanitized ? 0 : red_zone;
}

}  // namespace

void KernelMemory::attach(std::size_t) {
  void* block = nullptr;
  check(cudaMalloc(&block, size_ + 2 * on_device(kRedZone)), "cannot allocate memory");
  kernels_ = static_cast<std::byte*>(block) + on_device(kRedZone);
  changed_ = true;
  seen_ = device().launches;
  device().memories.insert(this);
}

void KernelMemory::detach() {
  device().memories.erase(this);
  check(cudaFree(kernels_ - on_device(kRedZone)), "cannot free memory");
}

// Red zones travel, too.
void KernelMemory::refresh() const {
  if (seen_ == device().launches) return;
  check(cudaStreamSynchronize(device().stream), "a kernel failed");
  const std::size_t zone = on_device(kRedZone);
  check(cudaMemcpy(host_ - zone, kernels_ - zone, size_ + 2 * zone, cudaMemcpyDeviceToHost), "cannot copy down");
  seen_ = device().launches;
}

void KernelMemory::before_launch() {
  const std::size_t zone = on_device(kRedZone);
  for (KernelMemory* memory : device().memories) {
    if (!memory->changed_) continue;
    check(cudaMemcpy(memory->kernels_ - zone, memory->host_ - zone, memory->size_ + 2 * zone, cudaMemcpyHostToDevice),
          "cannot copy up");
    memory->changed_ = false;
  }
  ++device().launches;
}

void for_each_run(const std::function<void(const KernelRun&)>& check_run) {
  const Stream stream{.queue = device().stream};
  for (const int threads : {1, 32, 96, 256})
    for (const char* time : {"", " again"}) {
      const KernelRun run{stream, {threads}, fmt::format("block of {} threads{}", threads, time)};
      SCOPED_TRACE(run.name);
      check_run(run);
      check(cudaStreamSynchronize(device().stream), "a kernel failed");
    }
}

}  // namespace posecu
