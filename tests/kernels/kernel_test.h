// What every kernel's test uses. Each tests/kernels/x_test.cpp is compiled for each build of the kernels: with the
// serial ones; with the simt ones (POSECU_SIMT), where blocks of several sizes run in several schedules and every
// access is checked; and, with POSECU_CUDA, for a GPU.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/context.h"
#include "core/random.h"
#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/float16.h"
#include "kernels/runtime/launch_options.h"
#ifdef POSECU_SIMT
#include "kernels/runtime/simt.h"
#endif

namespace posecu {

// Bytes that kernels reach, between red zones, and the host's view of them: the same memory but on a GPU. What a build
// adds stands in harness_serial.cpp, harness_simt.cpp or harness_cuda.cpp. New memory is 0xff everywhere.
class KernelMemory {
 public:
  KernelMemory(std::size_t size, std::size_t element);
  ~KernelMemory();  // a kernel that wrote into a red zone fails the test here; simt also reports it at the access
  KernelMemory(const KernelMemory&) = delete;
  KernelMemory& operator=(const KernelMemory&) = delete;

  void* kernels() const { return kernels_; }  // the address to give to a launcher
  // The host's: valid until the next launch.
  const std::byte* host() const {
    refresh();
    return host_;
  }
  std::byte* host() {
    refresh();
    changed_ = true;
    return host_;
  }

  static void before_launch();  // kernels must see what the host wrote

 private:
  static constexpr std::size_t kRedZone = 1024, kAlignment = 64;
  std::size_t block_size() const { return size_ + 2 * kRedZone; }
  void attach(std::size_t element);
  void detach();
  void refresh() const;  // the host must see what kernels wrote

  std::size_t size_;
  std::vector<std::byte> bytes_;
  std::byte* host_;
  std::byte* kernels_ = nullptr;
  bool changed_ = false;          // by the host, since the last launch
  mutable std::size_t seen_ = 0;  // how many launches the host's view includes
};

// Memory for a kernel. New memory holds NaN (integers: -1), so that what a kernel leaves unwritten fails.
template <class T>
class Buffer {
 public:
  explicit Buffer(std::size_t n) : memory_(n * sizeof(T), sizeof(T)), size_(n) {}
  // Holds `values`, rounded to T.
  explicit Buffer(const std::vector<double>& values);

  // For launchers; the host reads and writes by what follows.
  T* data() { return static_cast<T*>(memory_.kernels()); }
  const T* data() const { return static_cast<const T*>(memory_.kernels()); }

  std::size_t size() const { return size_; }
  std::span<T> host() { return {reinterpret_cast<T*>(memory_.host()), size_}; }
  std::span<const T> host() const { return {reinterpret_cast<const T*>(memory_.host()), size_}; }
  T& operator[](std::size_t i) { return host()[i]; }
  const T& operator[](std::size_t i) const { return host()[i]; }
  std::span<const std::byte> bytes() const { return std::as_bytes(host()); }
  std::vector<double> values() const;
  void fill(double value);

 private:
  KernelMemory memory_;
  std::size_t size_;
};

// Conversions as the formats define them, by the test's own text.
double number(float value);
double number(bfloat16 value);
double number(float16 value);
template <class T>
T rounded(double value);

// n values in [least, limit) for operand `name` of test case `seed`, exactly representable as T.
template <class T>
std::vector<double> draw(std::string_view name, std::uint64_t seed, std::size_t n, double least, double limit);

// The stream of a run, handed to a launcher.
class RunStream {
 public:
  RunStream(const Stream& stream = {}) : stream_(stream) {}
  operator const Stream&() const {
    KernelMemory::before_launch();
    return stream_;
  }

 private:
  Stream stream_;
};

// For kernels that go along one row: around the lengths of vectors, warps, blocks and tiles of sums.
inline const std::vector<std::size_t> kLengths = {1, 2, 7, 8, 31, 64, 257, 8191, 8192, 8193, 30011};

// One run of a kernel: pass `stream` and `options` on to the launcher.
struct KernelRun {
  RunStream stream;
  LaunchOptions options;
  std::string name;  // "block of 96 threads, schedule 2"
};

// Calls check(run) for each way that this build knows, and fails on what simt reports: serial in the calling thread and
// on a pool, simt at blocks of 1, 32, 96 and 256 threads in three schedules each.
void for_each_run(const std::function<void(const KernelRun&)>& check);

// Results that must be the same bits in several runs.
class SameBits {
 public:
  // In all runs: for results that are computed element by element.
  void everywhere(const KernelRun& run, const std::string& name, std::span<const std::byte> result);
  // In all runs of one block size: for sums.
  void at_one_block_size(const KernelRun& run, const std::string& name, std::span<const std::byte> result);

 private:
  std::map<std::string, std::vector<std::byte>> seen_;
};

// |actual - expected| <= terms * 2^-24 * magnitude, and T's own rounding of the expected value. `magnitude` is the sum
// of the absolute values of what was added up for each element.
template <class T>
void expect_close(const std::string& name, const Buffer<T>& actual, const std::vector<double>& expected,
                  const std::vector<double>& magnitude, double terms);

}  // namespace posecu
