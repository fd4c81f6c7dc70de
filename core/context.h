// What every operation needs to run, passed explicitly: there are no globals.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "core/arena.h"
#include "core/libraries.h"
#include "core/thread_pool.h"

namespace posecu {

class CudaDevice;
class Profile;

enum class DeviceKind { cpu, cuda };

// Where a GPU's tensors live. Shared memory can be read by the host too, once what was launched is done: slower, for
// tests (with CUDA_LAUNCH_BLOCKING=1 every launch waits).
enum class CudaMemory { device, shared_with_host };

// Where kernels are queued. On the CPU a launch runs at once on the pool; on a GPU `queue` is the cudaStream_t.
struct Stream {
  ThreadPool* pool = nullptr;  // null: blocks run one after another in the calling thread
  bool dry_run = false;        // launches do nothing: for counting memory
  void* queue = nullptr;
};

struct ContextOptions {
  int threads = 0;         // compute threads; 0: one for each core that this process may use
  std::size_t memory = 0;  // bytes that tensors may take; 0: the machine's physical memory, the GPU's free memory
  bool dry_run = false;    // count memory, compute nothing
  DeviceKind device = DeviceKind::cpu;
  int device_index = 0;  // of the GPU
  CudaMemory cuda_memory = CudaMemory::device;
  bool graphs = true;  // on a GPU: record work that repeats, and replay it (core/replay.h)
};

// A device with its memory and threads. Must outlive every tensor and layer made with it. On a GPU a tensor's memory is
// the device's: the host reaches it by upload and download alone.
class Context {
 public:
  // Sets the number of OpenMP threads of the calling thread, which oneDNN uses, to the same number of compute threads.
  // Throws MachineError when there is no such device.
  explicit Context(const ContextOptions& options = {});
  ~Context();

  DeviceKind device() const { return device_; }
  CudaDevice* cuda() { return cuda_.get(); }  // null on the CPU and in a dry run
  bool graphs() const { return graphs_ && cuda_ != nullptr; }
  int threads() const { return pool_.threads(); }
  bool dry_run() const { return stream_.dry_run; }
  Arena& arena() { return arena_; }
  ThreadPool& pool() { return pool_; }
  const Stream& stream() const { return stream_; }
  Libraries& libraries() { return libraries_; }
  Profile* profile() const { return profile_; }  // null: nobody measures (core/profile.h)
  void set_profile(Profile* profile) { profile_ = profile; }

  template <class T>
  Tensor<T> tensor(Shape shape, MemoryClass memory_class = MemoryClass::activations) {
    return Tensor<T>(arena_, shape, memory_class);
  }

  // Copies from and to the host, in order with what is launched. `from` may be reused when upload returns; download
  // waits. Nothing is copied in a dry run, where download leaves zeros.
  template <class T>
  void upload(View<T> to, std::type_identity_t<std::span<const T>> from) {
    require(from.size() == to.elements(), "an upload has another size than its place");
    upload_bytes(to.data(), from.data(), from.size_bytes());
  }
  template <class T>
  void download(std::span<T> to, std::type_identity_t<View<const T>> from) {
    require(to.size() == from.elements(), "a download has another size than its place");
    download_bytes(to.data(), from.data(), to.size_bytes());
  }
  template <class T>
  std::vector<T> download(View<const T> from) {
    std::vector<T> to(from.elements());
    download<T>(to, from);
    return to;
  }

  // On the device. Both may run inside a recorded graph.
  template <class T>
  void copy(View<T> to, std::type_identity_t<View<const T>> from) {
    require(from.shape().elements() == to.elements(), "a copy has another size than its place");
    copy_bytes(to.data(), from.data(), to.elements() * sizeof(T));
  }
  template <class T>
  void fill_zero(View<T> to) {
    zero_bytes(to.data(), to.elements() * sizeof(T));
  }
  void synchronise();  // waits until everything launched is done

  // work(0) .. work(count - 1), which do not depend on each other, side by side where the device can; joined at the
  // end. Memory that several of them read must be released after it. Inside another parallel: one after another.
  template <class F>
  void parallel(int count, const F& work) {
    if (device_ == DeviceKind::cpu || lanes_ > 0 || count <= 1 || profile_ != nullptr) {
      for (int i = 0; i < count; ++i) work(i);
      return;
    }
    fork(count);
    try {
      for (int i = 0; i < count; ++i) {
        enter(i);
        work(i);
      }
    } catch (...) {
      leave();
      throw;
    }
    join();
  }

 private:
  void upload_bytes(void* to, const void* from, std::size_t bytes);
  void download_bytes(void* to, const void* from, std::size_t bytes);
  void copy_bytes(void* to, const void* from, std::size_t bytes);
  void zero_bytes(void* to, std::size_t bytes);
  void fork(int count);
  void enter(int work);  // its lane
  void leave();
  void join();

  DeviceKind device_;
  bool graphs_;
  ThreadPool pool_;
  std::unique_ptr<CudaDevice> cuda_;
  Arena arena_;
  Stream stream_;
  int lanes_ = 0;  // while forked
  Profile* profile_ = nullptr;
  Libraries libraries_;  // last: gone first
};

int usable_cores();             // that this process may run on
std::size_t physical_memory();  // bytes

}  // namespace posecu
