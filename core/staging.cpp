#include "core/staging.h"

#include <algorithm>
#include <cstring>

#include "core/cuda.h"

namespace posecu {
namespace {

constexpr std::size_t kPieceAlignment = 16;
constexpr std::size_t kLeastRoom = std::size_t{1} << 16;

}  // namespace

Staging::Staging(Context& context, Use use) : context_(context), first_mark_(static_cast<int>(use)) {}

Staging::~Staging() {
  if (context_.cuda() == nullptr) return;
  for (const Slot& slot : slots_)
    if (slot.pinned != nullptr) context_.cuda()->free_pinned(slot.pinned);
}

int Staging::add_bytes(const void* from, std::size_t bytes) {
  pieces_.push_back({from, bytes, total_});
  total_ += (bytes + kPieceAlignment - 1) / kPieceAlignment * kPieceAlignment;
  return static_cast<int>(pieces_.size()) - 1;
}

void Staging::place() {
  if (context_.device() == DeviceKind::cpu) return;
  if (context_.cuda() != nullptr) context_.cuda()->wait(sent_mark());  // the pinned memory's last copy
  if (slot().bytes < total_) grow(slot(), total_);
}

void Staging::grow(Slot& slot, std::size_t bytes) {
  std::size_t room = std::max(slot.bytes, kLeastRoom);
  while (room < bytes) room *= 2;
  require(room < (std::size_t{1} << 31), "less than 2 GiB of pictures travel at once");
  // Nobody may still read the old memory, nor the new one's previous owner: copies are in no order with launches.
  context_.synchronise();
  slot.device.reset();
  slot.device = context_.tensor<std::byte>({static_cast<int>(room)}, MemoryClass::workspace);
  slot.bytes = room;
  if (context_.cuda() == nullptr) return;
  if (slot.pinned != nullptr) context_.cuda()->free_pinned(slot.pinned);
  slot.pinned = nullptr;
  slot.pinned = context_.cuda()->allocate_pinned(room);
}

const void* Staging::address_of(int piece) const {
  const Piece& p = pieces_.at(static_cast<std::size_t>(piece));
  return context_.device() == DeviceKind::cpu ? p.from : slot().device.data() + p.offset;
}

void Staging::send() {
  CudaDevice* const cuda = context_.cuda();
  if (cuda == nullptr) return;
  context_.pool().parallel(static_cast<unsigned>(pieces_.size()), [this](unsigned i) {
    const Piece& piece = pieces_[i];
    if (piece.bytes > 0) std::memcpy(slot().pinned + piece.offset, piece.from, piece.bytes);
  });
  cuda->wait(read_mark(), cuda->copy_queue());
  cuda->upload_pinned(slot().device.data(), slot().pinned, total_, cuda->copy_queue());
  cuda->mark(sent_mark(), cuda->copy_queue());
}

void Staging::receive() {
  if (CudaDevice* const cuda = context_.cuda()) cuda->wait(sent_mark(), context_.stream().queue);
}

void Staging::release() {
  if (CudaDevice* const cuda = context_.cuda()) cuda->mark(read_mark(), context_.stream().queue);
  turn_ = (turn_ + 1) % kSlots;
  pieces_.clear();
  total_ = 0;
}

}  // namespace posecu
