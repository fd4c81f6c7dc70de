// The simt build, for tests: a CUDA thread is a fiber on one OS thread, with real barriers and warps, run in an order
// that a seed shuffles. Kernels are compiled with -fsanitize=thread, whose hooks simt_memory.cpp defines itself, so
// that every load and store of a kernel is checked: races between barriers and between blocks, bounds, alignment,
// reads of shared memory that the block has not written. Break on simt::report in gdb: docs/kernels/stepping.md.
#pragma once

#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/runtime/host.h"

#define __shared__ static  // blocks run one after another, all their threads on one OS thread

// CUDA's words are variables here, set before a thread runs: `print threadIdx` works in gdb.
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;

namespace posecu {

void __syncthreads();
void __syncwarp();

namespace simt {

// Runs all threads of all blocks; call(kernel) is one thread's work.
void run(dim3 grid, dim3 block, void (*call)(const void*), const void* kernel);

// Records something wrong that the running thread did.
void report(const std::string& what);
const std::vector<std::string>& reports();  // since the last clear_reports(), at most 100
void clear_reports();

void set_seed(unsigned seed);  // of the order of threads and blocks

// Memory that kernels may access, from now until forgotten; anything else but locals and shared memory is out of
// bounds. Threads that write neighbouring elements do not collide: `element` is the size of one.
void register_memory(const void* memory, std::size_t bytes, std::size_t element);
void forget_memory(const void* memory);

void check_alignment(const void* p, std::size_t alignment);

// What lane `from` of this warp hands in, at the same call.
std::uint64_t exchange(std::uint64_t mine, int from);
int this_lane();

template <class T>
T shuffle(T value, int from) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = exchange(bits, from);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace simt

using simt::check_alignment;

template <class T>
T __shfl_xor_sync(unsigned /*all lanes*/, T value, int lane_mask) {
  return simt::shuffle(value, simt::this_lane() ^ lane_mask);
}
template <class T>
T __shfl_sync(unsigned /*all lanes*/, T value, int from) {
  return simt::shuffle(value, from);
}

template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 block, const Stream& stream, const A&... args) {
  if (stream.dry_run) return;
  const auto call = [&] { kernel(args...); };
  simt::run(
      grid, block, [](const void* work) { (*static_cast<decltype(&call)>(work))(); }, &call);
}

}  // namespace posecu
