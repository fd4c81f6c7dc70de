// Pieces of the host's memory on their way to the device, in one copy that runs beside computation.
//
//   add ... add, place     the pieces' addresses on the device are known
//   send                   the copy begins
//   receive                what is launched from now on sees the pieces
//   release                the last launch that reads them is queued; the next pieces may be added and sent
//
// Between release and the next receive the device computes while the next pieces travel: there is room for two. On the
// CPU nothing is copied: a piece's address is its own, so it must stay until release.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "core/context.h"

namespace posecu {

class Staging {
 public:
  // Of each use there may be one Staging at a time.
  enum class Use { training = 0, pictures = 4 };

  Staging(Context& context, Use use);
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  // The piece's number. What it holds is read by send().
  template <class T>
  int add(std::span<const T> piece) {
    return add_bytes(piece.data(), piece.size_bytes());
  }
  void place();
  template <class T>
  const T* address(int piece) const {
    return static_cast<const T*>(address_of(piece));
  }
  void send();
  void receive();
  void release();

 private:
  static constexpr int kSlots = 2;
  struct Piece {
    const void* from;
    std::size_t bytes, offset;
  };
  struct Slot {
    std::byte* pinned = nullptr;
    std::size_t bytes = 0;  // of both
    Tensor<std::byte> device;
  };

  int add_bytes(const void* from, std::size_t bytes);
  const void* address_of(int piece) const;
  void grow(Slot& slot, std::size_t bytes);
  Slot& slot() { return slots_[static_cast<std::size_t>(turn_)]; }
  const Slot& slot() const { return slots_[static_cast<std::size_t>(turn_)]; }
  int sent_mark() const { return first_mark_ + 2 * turn_; }
  int read_mark() const { return first_mark_ + 2 * turn_ + 1; }

  Context& context_;
  int first_mark_, turn_ = 0;
  std::vector<Piece> pieces_;
  std::size_t total_ = 0;
  std::array<Slot, kSlots> slots_;
};

}  // namespace posecu
