#include "core/arena.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <string>
#include <utility>

namespace posecu {
namespace {

std::size_t round_up(std::size_t bytes) {
  // An empty tensor takes a place too, so that every block has an address of its own.
  const std::size_t least = std::max<std::size_t>(bytes, 1);
  require(least < (std::size_t{1} << 62), "a tensor has too many bytes");
  return (least + Arena::kAlignment - 1) / Arena::kAlignment * Arena::kAlignment;
}

// Adds a range to a set of ranges, some of which it may overlap.
void join_to(std::map<std::size_t, std::size_t>& ranges, std::size_t offset, std::size_t bytes) {
  std::size_t end = offset + bytes;
  auto next = ranges.upper_bound(offset);
  if (next != ranges.begin() && std::prev(next)->first + std::prev(next)->second >= offset) --next;
  while (next != ranges.end() && next->first <= end) {
    offset = std::min(offset, next->first);
    end = std::max(end, next->first + next->second);
    next = ranges.erase(next);
  }
  ranges.emplace(offset, end - offset);
}

}  // namespace

std::string_view to_string(MemoryClass memory_class) {
  constexpr std::array<std::string_view, kMemoryClasses> kNames{"weights", "gradients", "optimizer", "activations",
                                                                "workspace"};
  return kNames[static_cast<std::size_t>(memory_class)];
}

Arena::Arena(std::size_t capacity, Backing backing) : backing_(backing), capacity_(round_up(capacity)) {
  const int access = backing == Backing::memory ? PROT_READ | PROT_WRITE : PROT_NONE;
  void* range = mmap(nullptr, capacity_, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (range == MAP_FAILED) throw MachineError(fmt::format("cannot reserve {} MiB of address space", capacity_ >> 20));
  // Pages of 2 MiB where the machine has them: a copy of 71 MB takes 2.3 instead of 3.5 ms. A refusal does no harm.
  if (backing == Backing::memory) (void)madvise(range, capacity_, MADV_HUGEPAGE);
  base_ = static_cast<std::byte*>(range);
  free_.emplace(0, capacity_);
}

Arena::Arena(ReservedRange range)
    : backing_(Backing::reserved), base_(range.base), capacity_(range.capacity), commit_(std::move(range.commit)) {
  free_.emplace(0, capacity_);
}

Arena::~Arena() {
  if (backing_ != Backing::reserved) munmap(base_, capacity_);
}

std::byte* Arena::allocate(std::size_t bytes, MemoryClass memory_class) {
  const std::size_t size = round_up(bytes);
  const auto fits = [size](const auto& gap) { return gap.second >= size; };
  Gaps* gaps = lanes_.empty() ? &free_ : &lanes_[static_cast<std::size_t>(lane_)];
  auto gap = std::ranges::find_if(*gaps, fits);
  if (gap == gaps->end() && gaps != &free_) {
    gaps = &free_;
    gap = std::ranges::find_if(free_, fits);
  }
  if (gap == gaps->end()) refuse(size, memory_class);
  const std::size_t offset = take(*gaps, gap, size);
  taken_.emplace(offset, Block{size, memory_class});

  const auto index = static_cast<std::size_t>(memory_class);
  used_ += size, used_by_class_[index] += size;
  peak_ = std::max(peak_, used_);
  peak_by_class_[index] = std::max(peak_by_class_[index], used_by_class_[index]);
  return base_ + offset;
}

std::size_t Arena::take(Gaps& gaps, Gaps::iterator gap, std::size_t size) {
  const auto [offset, available] = *gap;
  if (commit_ && offset + size > committed_) {
    commit_(offset + size);  // may throw: nothing has changed yet
    committed_ = offset + size;
  }
  gaps.erase(gap);
  if (available > size) gaps.emplace(offset + size, available - size);
  if (watching_) join_to(watched_, offset, size);
  return offset;
}

void Arena::refuse(std::size_t size, MemoryClass memory_class) const {
  std::string classes;
  for (int i = 0; i < kMemoryClasses; ++i) {
    const std::string_view name = to_string(static_cast<MemoryClass>(i));
    classes += fmt::format("\n  {:<12} {:>8} MiB", name, used_by_class_[static_cast<std::size_t>(i)] >> 20);
  }
  throw MachineError(
      fmt::format("out of memory: {} MiB more asked for {}, {} of {} MiB in use{}\n"
                  "  try: a smaller train.batch (and train.accumulate to keep the total), a smaller "
                  "input size, or a narrower network",
                  size >> 20, to_string(memory_class), used_ >> 20, capacity_ >> 20, classes));
}

void Arena::release(std::byte* block) noexcept {
  const auto found = taken_.find(static_cast<std::size_t>(block - base_));
  if (found == taken_.end()) return;
  auto [offset, taken] = *found;
  taken_.erase(found);
  used_ -= taken.bytes, used_by_class_[static_cast<std::size_t>(taken.memory_class)] -= taken.bytes;
  give_back(lanes_.empty() ? free_ : lanes_[static_cast<std::size_t>(lane_)], offset, taken.bytes);
}

void Arena::give_back(Gaps& gaps, std::size_t offset, std::size_t bytes) {
  auto next = gaps.lower_bound(offset);
  if (next != gaps.end() && offset + bytes == next->first) {
    bytes += next->second;
    next = gaps.erase(next);
  }
  if (next != gaps.begin()) {
    const auto previous = std::prev(next);
    if (previous->first + previous->second == offset) {
      previous->second += bytes;
      return;
    }
  }
  gaps.emplace_hint(next, offset, bytes);
}

void Arena::fork(int lanes) {
  require(lanes_.empty() && lanes > 0, "an arena is forked once at a time");
  lanes_.resize(static_cast<std::size_t>(lanes));
  lane_ = 0;
}

void Arena::watch() {
  require(!watching_, "an arena is watched once at a time");
  watching_ = true;
  watched_.clear();
}

std::map<std::size_t, std::size_t> Arena::keep() {
  require(watching_ && lanes_.empty(), "places are kept after they were watched");
  watching_ = false;
  Gaps kept, left;
  for (const auto& [offset, bytes] : free_) {
    std::size_t at = offset;
    const std::size_t end = offset + bytes;
    for (const auto& [first, size] : watched_) {
      const std::size_t from = std::max(at, first), to = std::min(end, first + size);
      if (from >= to) continue;
      if (from > at) left.emplace(at, from - at);
      kept.emplace(from, to - from);
      at = to;
    }
    if (at < end) left.emplace(at, end - at);
  }
  free_ = std::move(left);
  return kept;
}

void Arena::let_go(const std::map<std::size_t, std::size_t>& kept) noexcept {
  for (const auto& [offset, bytes] : kept) give_back(free_, offset, bytes);
}

void Arena::join() {
  for (const Gaps& gaps : lanes_)
    for (const auto& [offset, bytes] : gaps) give_back(free_, offset, bytes);
  lanes_.clear();
}

}  // namespace posecu
