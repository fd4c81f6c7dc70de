// Where tensors live: one reserved range of memory, handed out by a deterministic first-fit allocator. The same
// sequence of requests and releases gives the same offsets, so a training step reuses the addresses of the step before.
//
// A counting arena hands out offsets and counts, with no memory behind them: run a step on it (Stream::dry_run) to know
// the exact bytes of every class beforehand.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "core/view.h"

namespace posecu {

enum class MemoryClass { weights, gradients, optimizer, activations, workspace };
inline constexpr int kMemoryClasses = 5;
std::string_view to_string(MemoryClass memory_class);

// A range of addresses that somebody else reserved, for example on a GPU. `commit(bytes)` makes the first `bytes` of it
// usable; it is called before more is handed out than ever before.
struct ReservedRange {
  std::byte* base = nullptr;
  std::size_t capacity = 0;
  std::function<void(std::size_t)> commit;
};

class Arena {
 public:
  enum class Backing { memory, counting, reserved };
  static constexpr std::size_t kAlignment = 256;

  // Reserves `capacity` bytes of address space; pages are taken from the machine when they are first written.
  explicit Arena(std::size_t capacity, Backing backing = Backing::memory);
  explicit Arena(ReservedRange range);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Memory that holds anything. Throws MachineError, with the bytes of every class, when the capacity does not suffice.
  std::byte* allocate(std::size_t bytes, MemoryClass memory_class);
  void release(std::byte* block) noexcept;

  // Work that runs side by side: what lane i releases between fork and join is handed out to lane i alone, since others
  // may still be computing on what was there before it. Memory that several lanes read is released after the join.
  void fork(int lanes);
  void enter(int lane) { lane_ = lane; }
  void join();

  // What a recorded graph works on must not be handed out while the graph lives. From watch() to keep() every place
  // that is handed out is noted; keep() takes those that are free again out of circulation until let_go().
  void watch();
  std::map<std::size_t, std::size_t> keep();
  void let_go(const std::map<std::size_t, std::size_t>& kept) noexcept;

  bool counting() const { return backing_ == Backing::counting; }
  std::size_t used() const { return used_; }
  std::size_t peak() const { return peak_; }  // bytes in use at the worst moment
  std::size_t peak(MemoryClass memory_class) const { return peak_by_class_[static_cast<std::size_t>(memory_class)]; }

 private:
  struct Block {
    std::size_t bytes;
    MemoryClass memory_class;
  };
  using Gaps = std::map<std::size_t, std::size_t>;  // offset -> bytes, neighbours merged

  static void give_back(Gaps& gaps, std::size_t offset, std::size_t bytes);
  std::size_t take(Gaps& gaps, Gaps::iterator gap, std::size_t size);
  [[noreturn]] void refuse(std::size_t size, MemoryClass memory_class) const;

  Backing backing_;
  std::byte* base_ = nullptr;
  std::size_t capacity_, used_ = 0, peak_ = 0, committed_ = 0;
  std::function<void(std::size_t)> commit_;
  std::array<std::size_t, kMemoryClasses> used_by_class_{}, peak_by_class_{};
  Gaps free_;
  std::map<std::size_t, Block> taken_;  // by offset
  std::vector<Gaps> lanes_;             // between fork and join: what each lane released
  int lane_ = 0;
  bool watching_ = false;
  Gaps watched_;
};

// A tensor that owns its memory in an arena, which must outlive it. Empty when default-constructed or moved from.
template <class T>
class Tensor {
 public:
  Tensor() = default;
  Tensor(Arena& arena, Shape shape, MemoryClass memory_class = MemoryClass::activations)
      : arena_(&arena),
        view_(reinterpret_cast<T*>(arena.allocate(shape.elements() * sizeof(T), memory_class)), shape) {}
  Tensor(Tensor&& other) noexcept : arena_(other.arena_), view_(other.view_) {
    other.arena_ = nullptr, other.view_ = {};
  }
  Tensor& operator=(Tensor&& other) noexcept {
    if (this != &other) {
      reset();
      arena_ = other.arena_, view_ = other.view_;
      other.arena_ = nullptr, other.view_ = {};
    }
    return *this;
  }
  ~Tensor() { reset(); }

  void reset() noexcept {
    if (arena_ != nullptr) arena_->release(reinterpret_cast<std::byte*>(view_.data()));
    arena_ = nullptr, view_ = {};
  }

  View<T> view() const { return view_; }
  operator View<T>() const { return view_; }        // NOLINT(google-explicit-constructor)
  operator View<const T>() const { return view_; }  // NOLINT(google-explicit-constructor)
  T* data() const { return view_.data(); }
  const Shape& shape() const { return view_.shape(); }
  int size(int axis) const { return view_.size(axis); }
  std::size_t elements() const { return view_.elements(); }
  bool empty() const { return view_.empty(); }

 private:
  Arena* arena_ = nullptr;
  View<T> view_;
};

}  // namespace posecu
