// A few threads that run numbered blocks of one launch at a time. A launch ends when all its blocks are done, not when
// all threads have arrived: a worker that the machine has not scheduled yet costs nothing.
#pragma once

#include <atomic>
#include <thread>
#include <type_traits>
#include <vector>

namespace posecu {

class ThreadPool {
 public:
  // At least 1; the calling thread is one of them. Throws MachineError when the system starts no more.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls run(block) for block = 0 .. blocks-1, in any order, on any thread, and returns when all are done. One caller
  // at a time, not from within a block. `run` must not throw.
  template <class Run>
  void parallel(unsigned blocks, const Run& run) {
    parallel(
        blocks, [](const void* f, unsigned block) { (*static_cast<const Run*>(f))(block); }, &run);
  }

 private:
  void parallel(unsigned blocks, void (*run)(const void*, unsigned), const void* context);
  void help();
  void stop();
  void work(const std::stop_token& stop);

  // Odd while a launch is open to helpers; a worker sleeps until the value changes.
  std::atomic<unsigned> ticket_{0};
  std::atomic<unsigned> next_{0}, inside_{0};
  void (*run_)(const void*, unsigned) = nullptr;
  const void* context_ = nullptr;
  unsigned blocks_ = 0;
  std::vector<std::jthread> workers_;
};

}  // namespace posecu
