// All that core/ asks of a GPU, in plain C++. Built from core/cuda.cpp where POSECU_CUDA is on, else from
// core/cuda_absent.cpp, which has no GPU. Every error is a MachineError that says what failed and what would help.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace posecu {

struct CudaDeviceInfo {
  std::string name;
  int major = 0, minor = 0;          // compute capability
  std::size_t memory = 0, free = 0;  // bytes
  int multiprocessors = 0;
  int driver_version = 0, runtime_version = 0;  // as CUDA counts: 13000 is 13.0
};

bool cuda_built();  // can this program use a GPU at all

// The GPUs that this process may use. None of them: throws, saying whether build, driver or device is missing.
std::vector<CudaDeviceInfo> cuda_devices();

// A recorded sequence of launches, replayed at once.
class CudaGraph {
 public:
  CudaGraph();
  ~CudaGraph();
  CudaGraph(CudaGraph&&) noexcept;
  CudaGraph& operator=(CudaGraph&&) noexcept;
  bool empty() const { return impl_ == nullptr; }

 private:
  friend class CudaDevice;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One GPU with its streams ("queues": a cudaStream_t as void*), as a Context uses it.
class CudaDevice {
 public:
  static constexpr int kLanes = 4;  // streams that may run side by side

  explicit CudaDevice(int index);
  ~CudaDevice();
  CudaDevice(const CudaDevice&) = delete;
  CudaDevice& operator=(const CudaDevice&) = delete;

  const CudaDeviceInfo& info() const { return info_; }
  void* queue(int lane) const;  // lane 0 is the main stream
  void* copy_queue() const;     // for uploads that overlap with what runs on the others

  // A range of addresses, of which the first `bytes` have memory after commit(bytes): what is not needed is not taken.
  std::byte* reserve(std::size_t bytes);
  void commit(std::size_t bytes);
  std::byte* reserve_shared(std::size_t bytes);  // the host can reach it too

  void upload(void* to, const void* from, std::size_t bytes, void* queue);    // `from` may be reused at return
  void download(void* to, const void* from, std::size_t bytes, void* queue);  // waits for the queue
  void copy(void* to, const void* from, std::size_t bytes, void* queue);      // within the device
  void zero(void* to, std::size_t bytes, void* queue);
  void synchronise();  // waits for all queues

  // Lanes 1 .. lanes-1 begin after what lane 0 has queued; after the join lane 0 waits for them.
  void fork(int lanes);
  void join(int lanes);

  // What is queued from begin to end is recorded instead of run.
  void begin_capture();
  CudaGraph end_capture();
  void abandon_capture() noexcept;
  void launch(const CudaGraph& graph, void* queue);

  // Memory of the host from which copies run by themselves, beside computation.
  std::byte* allocate_pinned(std::size_t bytes);
  void free_pinned(std::byte* block) noexcept;
  void upload_pinned(void* to, const void* from, std::size_t bytes, void* queue);  // returns at once

  // Marks: mark() notes how far a queue is; a queue or the host can wait for it.
  static constexpr int kMarks = 8;
  void mark(int which, void* queue);
  void wait(int which, void* queue);
  void wait(int which);

  // Times: stamp() notes when a queue is done with what it holds; milliseconds() between two stamps waits for the
  // second.
  int stamp(void* queue);
  double milliseconds(int first, int second);

 private:
  struct Impl;
  CudaDeviceInfo info_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace posecu
