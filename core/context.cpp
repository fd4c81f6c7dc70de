#include "core/context.h"

#include <omp.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "core/cuda.h"
#include "core/device_memory.h"

namespace posecu {
namespace {

// What a GPU needs beside tensors: code, libraries' own memory, recorded graphs.
constexpr std::size_t kCudaReserve = std::size_t{1} << 30;
constexpr std::size_t kCountingLimit = std::size_t{1} << 44;  // counting may exceed the machine

Arena make_arena(const ContextOptions& options, CudaDevice* cuda) {
  if (options.dry_run) return Arena(options.memory > 0 ? options.memory : kCountingLimit, Arena::Backing::counting);
  const std::size_t memory = tensor_memory(options, cuda);
  if (cuda == nullptr) return Arena(memory);
  if (options.cuda_memory == CudaMemory::shared_with_host)
    return Arena(ReservedRange{cuda->reserve_shared(memory), memory, {}});
  return Arena(ReservedRange{cuda->reserve(memory), memory, [cuda](std::size_t bytes) { cuda->commit(bytes); }});
}

}  // namespace

std::size_t tensor_memory(const ContextOptions& options, const CudaDevice* cuda) {
  if (options.memory > 0) return options.memory;
  if (cuda == nullptr) return physical_memory();
  const std::size_t free = cuda->info().free;
  return free - std::min(free / 2, kCudaReserve);
}

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

std::size_t physical_memory() {
  return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

Context::Context(const ContextOptions& options)
    : device_(options.device),
      graphs_(options.graphs),
      pool_(options.threads > 0 ? options.threads : usable_cores()),
      cuda_(device_ == DeviceKind::cuda && !options.dry_run ? std::make_unique<CudaDevice>(options.device_index)
                                                            : nullptr),
      arena_(make_arena(options, cuda_.get())),
      stream_{&pool_, options.dry_run, cuda_ ? cuda_->queue(0) : nullptr} {
  omp_set_num_threads(pool_.threads());
}

Context::~Context() = default;

void Context::upload_bytes(void* to, const void* from, std::size_t bytes) {
  if (dry_run() || bytes == 0) return;
  if (cuda_) {
    cuda_->upload(to, from, bytes, stream_.queue);
  } else {
    std::memcpy(to, from, bytes);
  }
}

void Context::download_bytes(void* to, const void* from, std::size_t bytes) {
  if (bytes == 0) return;
  if (dry_run()) {
    std::memset(to, 0, bytes);
  } else if (cuda_) {
    cuda_->download(to, from, bytes, stream_.queue);
  } else {
    std::memcpy(to, from, bytes);
  }
}

void Context::copy_bytes(void* to, const void* from, std::size_t bytes) {
  if (dry_run() || bytes == 0) return;
  if (cuda_) {
    cuda_->copy(to, from, bytes, stream_.queue);
  } else {
    std::memcpy(to, from, bytes);
  }
}

void Context::zero_bytes(void* to, std::size_t bytes) {
  if (dry_run() || bytes == 0) return;
  if (cuda_) {
    cuda_->zero(to, bytes, stream_.queue);
  } else {
    std::memset(to, 0, bytes);
  }
}

void Context::synchronise() {
  if (cuda_) cuda_->synchronise();
}

void Context::fork(int count) {
  lanes_ = std::min(count, CudaDevice::kLanes);
  if (cuda_) cuda_->fork(lanes_);
  arena_.fork(lanes_);
}

void Context::enter(int work) {
  const int lane = work % lanes_;
  arena_.enter(lane);
  if (cuda_) stream_.queue = cuda_->queue(lane);
}

void Context::leave() {
  if (cuda_) stream_.queue = cuda_->queue(0);
  arena_.join();
  lanes_ = 0;
}

void Context::join() {
  if (cuda_) cuda_->join(lanes_);
  leave();
}

}  // namespace posecu
