// Where tensors live: one reserved range of memory, handed out by a deterministic first-fit allocator. The same
// sequence of requests and releases gives the same offsets, so a training step reuses the addresses of the step before.
//
// A counting arena hands out offsets and counts, with no memory behind them: run a step on it (Stream::dry_run) to know
// the exact bytes of every class beforehand.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string_view>

#include "core/view.h"

namespace posecu {

enum class MemoryClass { weights, gradients, optimizer, activations, workspace };
inline constexpr int kMemoryClasses = 5;
std::string_view to_string(MemoryClass memory_class);

class Arena {
 public:
  enum class Backing { memory, counting };
  static constexpr std::size_t kAlignment = 256;

  // Reserves `capacity` bytes of address space; pages are taken from the machine when they are first written.
  explicit Arena(std::size_t capacity, Backing backing = Backing::memory);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Memory that holds anything. Throws MachineError, with the bytes of every class, when the capacity does not suffice.
  std::byte* allocate(std::size_t bytes, MemoryClass memory_class);
  void release(std::byte* block) noexcept;

  bool counting() const { return backing_ == Backing::counting; }
  std::size_t used() const { return used_; }
  std::size_t peak() const { return peak_; }  // bytes in use at the worst moment
  std::size_t peak(MemoryClass memory_class) const { return peak_by_class_[static_cast<std::size_t>(memory_class)]; }

 private:
  struct Block {
    std::size_t bytes;
    MemoryClass memory_class;
  };
  Backing backing_;
  std::byte* base_ = nullptr;
  std::size_t capacity_, used_ = 0, peak_ = 0;
  std::array<std::size_t, kMemoryClasses> used_by_class_{}, peak_by_class_{};
  std::map<std::size_t, std::size_t> free_;  // offset -> bytes, neighbours merged
  std::map<std::size_t, Block> taken_;       // by offset
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
