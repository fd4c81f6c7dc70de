// PyTorch's zip files. Checksums would turn away nearly every mutation of a record, so each input is taken twice: as it
// is, and with its checksums repaired.
#include <cstring>
#include <vector>

#include "tests/fuzz/pth_fuzz.h"

namespace posecu {
namespace {

constexpr std::size_t kEndBytes = 22, kCentralBytes = 46, kLocalBytes = 30;

class ZipRepair {
 public:
  explicit ZipRepair(std::vector<std::byte>& bytes) : bytes_(bytes) {}

  // Follows the directory as far as it makes sense.
  void repair() {
    if (bytes_.size() < kEndBytes) return;
    const std::size_t end = bytes_.size() - kEndBytes;
    std::size_t at = get<std::uint32_t>(end + 16);
    for (std::size_t left = get<std::uint16_t>(end + 10); left > 0 && at + kCentralBytes <= end; --left) {
      repair_record(at);
      at += kCentralBytes + get<std::uint16_t>(at + 28) + get<std::uint16_t>(at + 30) + get<std::uint16_t>(at + 32);
    }
  }

 private:
  void repair_record(std::size_t central) {
    const std::size_t local = get<std::uint32_t>(central + 42), size = get<std::uint32_t>(central + 20);
    if (local + kLocalBytes > bytes_.size()) return;
    const std::size_t data = local + kLocalBytes + get<std::uint16_t>(local + 26) + get<std::uint16_t>(local + 28);
    if (data > bytes_.size() || size > bytes_.size() - data) return;
    const std::uint32_t crc = crc32(std::span<const std::byte>(bytes_).subspan(data, size));
    put(central + 16, crc);
    if (get<std::uint32_t>(local + 14) != 0) put(local + 14, crc);
    if (get<std::uint32_t>(data + size) == 0x08074b50) put(data + size + 4, crc);
  }

  static std::uint32_t crc32(std::span<const std::byte> bytes) {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const std::byte byte : bytes) {
      crc ^= std::to_integer<std::uint32_t>(byte);
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
    }
    return ~crc;
  }

  template <class T>
  T get(std::size_t at) const {
    T value{};
    if (at + sizeof(T) <= bytes_.size()) std::memcpy(&value, bytes_.data() + at, sizeof(T));
    return value;
  }
  void put(std::size_t at, std::uint32_t value) {
    if (at + sizeof value <= bytes_.size()) std::memcpy(bytes_.data() + at, &value, sizeof value);
  }

  std::vector<std::byte>& bytes_;
};

}  // namespace

void fuzz(std::span<const std::byte> input) {
  std::vector<std::byte> bytes(input.begin(), input.end());
  try {
    check_pth(parse_pth("input", bytes), bytes.size());
    return;
  } catch (const InputError&) {
    ZipRepair(bytes).repair();
  }
  const std::size_t size = bytes.size();
  check_pth(parse_pth("input", std::move(bytes)), size);
}

std::span<const std::string_view> fuzz_dictionary() { return kPthWords; }

}  // namespace posecu
