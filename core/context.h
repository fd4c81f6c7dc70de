// What every operation needs to run, passed explicitly: there are no globals.
#pragma once

#include <cstddef>

#include "core/arena.h"
#include "core/thread_pool.h"

namespace posecu {

// Where kernels are queued. On the CPU a launch runs at once on the pool; on a GPU `queue` is the cudaStream_t.
struct Stream {
  ThreadPool* pool = nullptr;  // null: blocks run one after another in the calling thread
  bool dry_run = false;        // launches do nothing: for counting memory
  void* queue = nullptr;
};

struct ContextOptions {
  int threads = 0;         // compute threads; 0: one for each core that this process may use
  std::size_t memory = 0;  // bytes that tensors may take; 0: the machine's physical memory
  bool dry_run = false;    // count memory, compute nothing
};

// A device with its memory and threads. Must outlive every tensor and layer made with it.
class Context {
 public:
  // Sets the number of OpenMP threads of the calling thread, which oneDNN uses, to the same number of compute threads.
  explicit Context(const ContextOptions& options = {});

  int threads() const { return pool_.threads(); }
  bool dry_run() const { return stream_.dry_run; }
  Arena& arena() { return arena_; }
  ThreadPool& pool() { return pool_; }
  const Stream& stream() const { return stream_; }

  template <class T>
  Tensor<T> tensor(Shape shape, MemoryClass memory_class = MemoryClass::activations) {
    return Tensor<T>(arena_, shape, memory_class);
  }

 private:
  ThreadPool pool_;
  Arena arena_;
  Stream stream_;
};

int usable_cores();             // that this process may run on
std::size_t physical_memory();  // bytes

}  // namespace posecu
