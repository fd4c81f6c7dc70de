// What every kernel's test uses. Each tests/kernels/x_test.cpp is compiled twice: with the serial kernels, and with the
// simt ones (POSECU_SIMT), where blocks of several sizes run in several schedules and every access is checked.
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

// Memory for a kernel, between red zones. New memory holds NaN (integers: -1), so that what a kernel leaves unwritten
// fails. A kernel that writes into a red zone fails the test: in simt at the access, in serial at the end.
template <class T>
class Buffer {
 public:
  explicit Buffer(std::size_t n) : bytes_(n * sizeof(T) + 2 * kRedZone + kAlignment, std::byte{0xff}), size_(n) {
    void* place = bytes_.data() + kRedZone;
    std::size_t room = bytes_.size() - kRedZone;
    data_ = static_cast<T*>(std::align(kAlignment, n * sizeof(T) + kRedZone, place, room));
#ifdef POSECU_SIMT
    simt::register_memory(data_, n * sizeof(T), sizeof(T));
#endif
  }
  // Holds `values`, rounded to T.
  explicit Buffer(const std::vector<double>& values);
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    const auto* begin = reinterpret_cast<const std::byte*>(data_);
    for (std::size_t i = 0; i < kRedZone; ++i) {
      const bool intact = begin[-1 - static_cast<std::ptrdiff_t>(i)] == std::byte{0xff} &&
                          begin[size_ * sizeof(T) + i] == std::byte{0xff};
      if (!intact) ADD_FAILURE() << "a kernel wrote within " << i + 1 << " bytes outside of a buffer";
      if (!intact) break;
    }
#ifdef POSECU_SIMT
    simt::forget_memory(data_);
#endif
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(data_, size_)); }
  std::vector<double> values() const;
  void fill(double value);

 private:
  static constexpr std::size_t kRedZone = 1024, kAlignment = 64;
  std::vector<std::byte> bytes_;
  T* data_ = nullptr;
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

// One run of a kernel: pass `stream` and `options` on to the launcher.
struct KernelRun {
  Stream stream;
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
