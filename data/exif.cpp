#include "data/exif.h"

#include <cstdint>

namespace posecu {
namespace {

constexpr std::uint32_t kOrientationTag = 0x0112, kShortType = 3;
constexpr std::size_t kEntryBytes = 12;

enum class ByteOrder { little, big };

std::uint32_t read_number(std::span<const std::byte> bytes, std::size_t at, std::size_t size, ByteOrder order) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t place = order == ByteOrder::big ? at + i : at + size - 1 - i;
    value = value << 8 | std::to_integer<std::uint32_t>(bytes[place]);
  }
  return value;
}

}  // namespace

int exif_orientation(std::span<const std::byte> tiff) {
  if (tiff.size() < 8) return 1;
  const auto mark = std::to_integer<char>(tiff[0]);
  if ((mark != 'I' && mark != 'M') || tiff[1] != tiff[0]) return 1;
  const ByteOrder order = mark == 'I' ? ByteOrder::little : ByteOrder::big;
  if (read_number(tiff, 2, 2, order) != 42) return 1;
  const std::size_t directory = read_number(tiff, 4, 4, order);
  if (directory > tiff.size() - 2) return 1;
  const std::size_t entries = read_number(tiff, directory, 2, order);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntryBytes;
    if (entry + kEntryBytes > tiff.size()) return 1;
    if (read_number(tiff, entry, 2, order) != kOrientationTag) continue;
    if (read_number(tiff, entry + 2, 2, order) != kShortType) return 1;
    const std::uint32_t orientation = read_number(tiff, entry + 8, 2, order);
    return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
  }
  return 1;
}

}  // namespace posecu
