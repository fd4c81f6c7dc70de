#include "core/thread_pool.h"

#include <fmt/format.h>

#include <system_error>

#include "core/error.h"

namespace posecu {

// A worker looks this many times for the next launch before it sleeps: a layer's launches follow each other closely.
constexpr int kSpins = 2000;

ThreadPool::ThreadPool(int threads) {
  require(threads >= 1, "a thread pool needs at least one thread");
  try {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  } catch (const std::system_error& error) {
    stop();  // or they would be waited for, and wait for work
    throw MachineError(fmt::format("cannot start {} compute threads: {}\n  try: --threads {}", threads, error.what(),
                                   workers_.size() + 1));
  } catch (...) {
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  for (auto& worker : workers_) worker.request_stop();
  ticket_ += 2;
  ticket_.notify_all();
}

void ThreadPool::parallel(unsigned blocks, void (*run)(const void*, unsigned), const void* context) {
  if (blocks <= 1 || workers_.empty()) {
    for (unsigned block = 0; block < blocks; ++block) run(context, block);
    return;
  }
  run_ = run, context_ = context, blocks_ = blocks;
  next_ = 0;
  ticket_ += 1;  // open
  ticket_.notify_all();
  help();
  ticket_ += 1;  // closed: wait for those inside only
  while (inside_.load() != 0) std::this_thread::yield();
}

void ThreadPool::help() {
  for (unsigned block = next_.fetch_add(1); block < blocks_; block = next_.fetch_add(1)) run_(context_, block);
}

void ThreadPool::work(const std::stop_token& stop) {
  for (unsigned seen = 0; !stop.stop_requested();) {
    unsigned ticket = ticket_.load();
    for (int spin = 0; ticket == seen && spin < kSpins; ++spin) ticket = ticket_.load();
    if (ticket == seen) {
      ticket_.wait(seen);
      continue;
    }
    seen = ticket;
    if (ticket % 2 == 0) continue;
    // The launch may close between the look and the entry: enter first, then look again.
    ++inside_;
    if (ticket_.load() == ticket) help();
    --inside_;
  }
}

}  // namespace posecu
