// The checker of the simt build: defines the hooks that -fsanitize=thread calls for every load and store of a kernel.
// Linked without libtsan. Not instrumented itself.
#include <pthread.h>

#include <map>
#include <unordered_map>

#include "kernels/runtime/simt.h"
#include "kernels/runtime/simt_state.h"

// Of the linker: the program's code and constants lie before __data_start, its variables from there to _end.
extern "C" char __executable_start, __data_start, _end;

namespace posecu::simt {
namespace {

// The last accesses to one element. Two readers are enough: if they are unordered, any writer but themselves collides.
struct Cell {
  Moment write, read[2];
};

struct Region {
  std::uintptr_t end;
  std::size_t element;
  std::vector<Cell> cells;
};

// Shared memory is watched byte by byte; a line of it is found at once.
constexpr std::uintptr_t kLine = 64;
struct Line {
  Cell bytes[kLine];
};

struct Memory {
  std::map<std::uintptr_t, Region> regions;         // by begin
  std::unordered_map<std::uintptr_t, Line> shared;  // by address / kLine
  std::uintptr_t host_begin = 0, host_end = 0;  // the calling thread's stack: launches keep kernels' arguments there
};
Memory memory;

std::uintptr_t address(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }
bool within(std::uintptr_t p, std::size_t n, std::uintptr_t begin, std::uintptr_t end) {
  return p >= begin && p + n <= end;
}

void find_host_stack() {
  pthread_attr_t attributes;
  void* begin = nullptr;
  std::size_t bytes = 0;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &begin, &bytes);
  pthread_attr_destroy(&attributes);
  memory.host_begin = address(begin), memory.host_end = address(begin) + bytes;
}

bool is_cuda_word(std::uintptr_t p) {
  return within(p, 1, address(&threadIdx), address(&threadIdx + 1)) ||
         within(p, 1, address(&blockIdx), address(&blockIdx + 1)) ||
         within(p, 1, address(&blockDim), address(&blockDim + 1)) ||
         within(p, 1, address(&gridDim), address(&gridDim + 1));
}

enum class Kind { local, constant, shared, global, nowhere };

Kind classify(std::uintptr_t p, std::size_t n, const Running& thread, Region*& region) {
  if (within(p, n, address(thread.stack_begin), address(thread.stack_end))) return Kind::local;
  if (auto it = memory.regions.upper_bound(p); it != memory.regions.begin() && p + n <= (--it)->second.end) {
    region = &it->second;
    return Kind::global;
  }
  if (is_cuda_word(p)) return Kind::constant;
  if (within(p, n, address(&__data_start), address(&_end))) return Kind::shared;
  if (memory.host_end == 0) find_host_stack();
  const bool host = within(p, n, memory.host_begin, memory.host_end);
  return host || within(p, n, address(&__executable_start), address(&__data_start)) ? Kind::constant : Kind::nowhere;
}

// Does `past` happen before `now`, whatever the schedule? Blocks are never ordered, except in shared memory, of which
// each has its own.
bool ordered(const Moment& past, const Moment& now, Kind kind) {
  if (past.launch != now.launch) return true;
  if (past.block != now.block) return kind == Kind::shared;
  if (past.thread == now.thread || past.barrier < now.barrier) return true;
  return past.thread / 32 == now.thread / 32 && past.warp < now.warp;
}

void check_cell(Cell& cell, const Moment& now, Kind kind, bool write) {
  const bool ours = cell.write.launch == now.launch && cell.write.block == now.block;
  if (kind == Kind::shared && !write && !ours) return report("read of shared memory that this block has not written");
  if (!ordered(cell.write, now, kind)) return report(write ? "race: write after write" : "race: read after write");
  if (!write) {
    cell.read[ordered(cell.read[0], now, kind) ? 0 : 1] = now;
    return;
  }
  if (!ordered(cell.read[0], now, kind) || !ordered(cell.read[1], now, kind)) return report("race: write after read");
  cell.write = now;
}

void access_shared(std::uintptr_t p, std::size_t bytes, const Moment& now, bool write) {
  for (std::uintptr_t byte = p; byte < p + bytes;) {
    Line& line = memory.shared[byte / kLine];
    for (const std::uintptr_t end = std::min(p + bytes, (byte / kLine + 1) * kLine); byte < end; ++byte)
      check_cell(line.bytes[byte % kLine], now, Kind::shared, write);
  }
}

void access(const void* pointer, std::size_t bytes, bool write) {
  const Running* thread = running();
  if (thread == nullptr) return;
  const std::uintptr_t p = address(pointer);
  Region* region = nullptr;
  const Kind kind = classify(p, bytes, *thread, region);
  if (kind == Kind::local || (kind == Kind::constant && !write)) return;
  if (kind == Kind::nowhere || kind == Kind::constant)
    return report(write ? "write out of bounds" : "read out of bounds");
  if (kind == Kind::shared) return access_shared(p, bytes, thread->now, write);
  const std::uintptr_t begin = region->end - region->cells.size() * region->element;
  for (std::size_t i = (p - begin) / region->element; i <= (p + bytes - 1 - begin) / region->element; ++i)
    check_cell(region->cells[i], thread->now, kind, write);
}

}  // namespace

void register_memory(const void* p, std::size_t bytes, std::size_t element) {
  memory.regions[address(p)] = {address(p) + bytes, element, std::vector<Cell>(bytes / element)};
}

void forget_memory(const void* p) { memory.regions.erase(address(p)); }

void check_alignment(const void* p, std::size_t alignment) {
  if (address(p) % alignment != 0) report("misaligned vector access");
}

}  // namespace posecu::simt

// The names, and what each hook stands for, are the compiler's: gcc/sanitizer.def.
extern "C" {
#define POSECU_HOOKS(N)                                                         \
  void __tsan_read##N(void* p) { posecu::simt::access(p, N, false); }           \
  void __tsan_write##N(void* p) { posecu::simt::access(p, N, true); }           \
  void __tsan_unaligned_read##N(void* p) { posecu::simt::access(p, N, false); } \
  void __tsan_unaligned_write##N(void* p) { posecu::simt::access(p, N, true); } \
  void __tsan_volatile_read##N(void* p) { posecu::simt::access(p, N, false); }  \
  void __tsan_volatile_write##N(void* p) { posecu::simt::access(p, N, true); }
POSECU_HOOKS(1)
POSECU_HOOKS(2)
POSECU_HOOKS(4)
POSECU_HOOKS(8)
POSECU_HOOKS(16)
#undef POSECU_HOOKS
void __tsan_read_range(void* p, std::size_t bytes) { posecu::simt::access(p, bytes, false); }
void __tsan_write_range(void* p, std::size_t bytes) { posecu::simt::access(p, bytes, true); }
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
char __tsan_atomic8_load(const char* p, int) { return *p; }  // the guards of function-local statics in host code
}
