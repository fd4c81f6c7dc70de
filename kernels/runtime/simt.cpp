// The threads of the simt build: one fiber each, barriers for blocks and warps. Not instrumented.
#include "kernels/runtime/simt.h"

#include <fmt/format.h>

#include <boost/context/fiber.hpp>
#include <random>

#include "kernels/runtime/simt_state.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace posecu {

namespace simt {
namespace {

using Fiber = boost::context::fiber;
constexpr std::size_t kStack = 128 << 10;
constexpr std::size_t kGuard = 64;  // bytes at a stack's far end that no thread should reach
constexpr int kWarp = 32;
constexpr std::size_t kMaxReports = 100;

enum class State { ready, at_barrier, at_warp, done };

struct Thread {
  Fiber fiber;
  uint3 index;
  int number;
  State state;
  const void* waits_at;  // the address of the barrier's call
  std::uint64_t handed_in;
  std::byte* stack;
};

// The simulated GPU. CUDA's words and the hooks of -fsanitize=thread take no context: this is a global by nature.
struct Gpu {
  std::vector<Thread> threads;
  std::vector<std::vector<std::byte>> stacks;
  std::vector<unsigned> warp_meetings;
  std::vector<std::string> reports;
  std::mt19937 random;
  unsigned seed = 1, launches = 0;
  Moment block_moment;
  Thread* current = nullptr;
  Running running;
  Fiber scheduler;
};
Gpu gpu;

struct KeptStack {  // hands Boost one of the kept stacks
  std::byte* base;
  boost::context::stack_context allocate() const {
    boost::context::stack_context stack;
    stack.size = kStack;
    stack.sp = base + kStack;
    return stack;
  }
  void deallocate(boost::context::stack_context&) const {}
};

void set_moment() {
  gpu.running.now = gpu.block_moment;
  gpu.running.now.thread = gpu.current->number;
  gpu.running.now.warp = gpu.warp_meetings[static_cast<std::size_t>(gpu.current->number / kWarp)];
  gpu.running.stack_begin = gpu.current->stack, gpu.running.stack_end = gpu.current->stack + kStack;
}

void wait(State state, const void* site) {
  gpu.current->state = state;
  gpu.current->waits_at = site;
  gpu.scheduler = std::move(gpu.scheduler).resume();
}

void start_thread(Thread& thread, int number, void (*call)(const void*), const void* kernel) {
  const auto n = static_cast<unsigned>(number);
  thread.index = block_index(blockDim, n);
  thread.number = number;
  thread.state = State::ready;
  thread.stack = gpu.stacks[n].data();
  std::memset(thread.stack, 0x5a, kGuard);
  thread.fiber = Fiber(std::allocator_arg, KeptStack{thread.stack}, [call, kernel](Fiber&& from) {
    gpu.scheduler = std::move(from);
    call(kernel);
    gpu.current->state = State::done;
    return std::move(gpu.scheduler);
  });
}

void run_ready_threads(std::vector<Thread*>& order) {
  std::shuffle(order.begin(), order.end(), gpu.random);
  for (Thread* thread : order) {
    if (thread->state != State::ready) continue;
    gpu.current = thread;
    threadIdx = thread->index;
    set_moment();
    thread->fiber = std::move(thread->fiber).resume();
    gpu.current = nullptr;
  }
}

int count(State state, int begin, int end) {
  const auto first = gpu.threads.begin();
  const int last = std::min(end, static_cast<int>(gpu.threads.size()));
  return static_cast<int>(
      std::count_if(first + begin, first + last, [&](const Thread& thread) { return thread.state == state; }));
}

void release(State state, int begin, int end) {
  for (int i = begin; i < std::min(end, static_cast<int>(gpu.threads.size())); ++i) {
    Thread& thread = gpu.threads[static_cast<std::size_t>(i)];
    if (thread.state == state) thread.state = State::ready;
  }
}

bool release_warps(int threads) {
  bool released = false;
  for (int first = 0; first < threads; first += kWarp) {
    const int waiting = count(State::at_warp, first, first + kWarp), done = count(State::done, first, first + kWarp);
    if (waiting == 0 || waiting + done < std::min(kWarp, threads - first)) continue;
    ++gpu.warp_meetings[static_cast<std::size_t>(first / kWarp)];
    release(State::at_warp, first, first + kWarp);
    released = true;
  }
  return released;
}

bool release_barrier(int threads) {
  const int waiting = count(State::at_barrier, 0, threads), done = count(State::done, 0, threads);
  if (waiting == 0 || waiting + done < threads) return false;
  const void* site = nullptr;
  for (const Thread& thread : gpu.threads) {
    if (thread.state != State::at_barrier) continue;
    threadIdx = thread.index;  // whom a report is about
    if (done > 0) {
      report("barrier after a thread has returned");
      break;
    }
    if (site == nullptr) site = thread.waits_at;
    if (thread.waits_at != site) {
      report("threads wait at different barriers");
      break;
    }
  }
  ++gpu.block_moment.barrier;
  release(State::at_barrier, 0, threads);
  return true;
}

void check_stacks() {
  for (const Thread& thread : gpu.threads)
    for (std::size_t i = 0; i < kGuard; ++i)
      if (thread.stack[i] != std::byte{0x5a}) return report("stack overflow: locals take more than 128 KiB");
}

void run_block(void (*call)(const void*), const void* kernel) {
  const int threads = static_cast<int>(gpu.threads.size());
  std::fill(gpu.warp_meetings.begin(), gpu.warp_meetings.end(), 0u);
  std::vector<Thread*> order;
  for (int i = 0; i < threads; ++i) {
    Thread& thread = gpu.threads[static_cast<std::size_t>(i)];
    start_thread(thread, i, call, kernel);
    order.push_back(&thread);
  }
  while (count(State::done, 0, threads) < threads) {
    run_ready_threads(order);
    if (count(State::ready, 0, threads) > 0 || count(State::done, 0, threads) == threads) continue;
    const bool warps = release_warps(threads), block = release_barrier(threads);
    if (!warps && !block) {
      report("deadlock: some threads wait for their warp, others for the block");
      for (Thread& thread : gpu.threads) thread.fiber = Fiber();  // unwinds what will never end
      break;
    }
  }
  check_stacks();
}

}  // namespace

const Running* running() { return gpu.current != nullptr ? &gpu.running : nullptr; }

[[gnu::noinline]] void report(const std::string& what) {
  if (gpu.reports.size() >= kMaxReports) return;
  gpu.reports.push_back(fmt::format("{} in block ({},{},{}) thread ({},{},{})", what, blockIdx.x, blockIdx.y,
                                    blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z));
}

const std::vector<std::string>& reports() { return gpu.reports; }
void clear_reports() { gpu.reports.clear(); }
void set_seed(unsigned seed) { gpu.seed = seed; }

int this_lane() { return gpu.current->number % kWarp; }

std::uint64_t exchange(std::uint64_t mine, int from) {
  Thread* const self = gpu.current;
  self->handed_in = mine;
  wait(State::at_warp, nullptr);
  const int source = self->number / kWarp * kWarp + from;
  const bool present = from >= 0 && from < kWarp && source < static_cast<int>(gpu.threads.size()) &&
                       gpu.threads[static_cast<std::size_t>(source)].state != State::done;
  if (!present) report("shuffle from an absent lane");
  const std::uint64_t result = present ? gpu.threads[static_cast<std::size_t>(source)].handed_in : mine;
  wait(State::at_warp, nullptr);
  return result;
}

void run(dim3 grid, dim3 block, void (*call)(const void*), const void* kernel) {
  const std::size_t threads = std::size_t{block.x} * block.y * block.z;
  require(threads >= 1 && threads <= kMaxThreads, "a block has 1 .. kMaxThreads threads");
  require(gpu.current == nullptr, "a kernel launches no kernel");
  gpu.random.seed(gpu.seed);
  blockDim = block, gridDim = grid;
  gpu.threads = std::vector<Thread>(threads);
  gpu.warp_meetings.resize((threads + kWarp - 1) / kWarp);
  while (gpu.stacks.size() < threads) gpu.stacks.emplace_back(kStack);
  std::vector<unsigned> order(std::size_t{grid.x} * grid.y * grid.z);
  for (unsigned number = 0; number < order.size(); ++number) order[number] = number;
  std::shuffle(order.begin(), order.end(), gpu.random);
  ++gpu.launches;
  for (const unsigned number : order) {
    gpu.block_moment = {.launch = gpu.launches, .block = number};
    blockIdx = block_index(grid, number);
    run_block(call, kernel);
  }
  gpu.threads.clear();
}

}  // namespace simt

[[gnu::noinline]] void __syncthreads() { simt::wait(simt::State::at_barrier, __builtin_return_address(0)); }
[[gnu::noinline]] void __syncwarp() { simt::wait(simt::State::at_warp, nullptr); }

}  // namespace posecu
