#include "training/tensorboard.h"

#include <array>
#include <bit>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "core/file.h"

namespace posecu {
namespace {

constexpr std::size_t kBefore = 12, kBehind = 4;  // bytes of a record's frame

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0);
    table[i] = crc;
  }
  return table;
}

std::uint32_t masked_crc(std::string_view bytes) { return std::rotr(crc32c(bytes), 15) + 0xA282EAD8U; }

template <class Value>
std::string little_endian(Value value) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

template <class Value>
Value from_little_endian(std::string_view bytes) {
  Value value{};
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}

// Fields of a protocol buffer, by their wire types.
enum class Wire { varint = 0, fixed64 = 1, length = 2, fixed32 = 5 };
std::string key(int field, Wire wire) {
  return varint(static_cast<std::uint64_t>(field) << 3 | static_cast<int>(wire));
}
std::string integer(int field, std::int64_t value) {
  return key(field, Wire::varint) + varint(static_cast<std::uint64_t>(value));
}
std::string real(int field, double value) { return key(field, Wire::fixed64) + little_endian(value); }
std::string real(int field, float value) { return key(field, Wire::fixed32) + little_endian(value); }
std::string bytes(int field, std::string_view value) {
  return key(field, Wire::length) + varint(value.size()) + std::string(value);
}

std::string framed(const std::string& event) {
  const std::string length = little_endian(static_cast<std::uint64_t>(event.size()));
  return length + little_endian(masked_crc(length)) + event + little_endian(masked_crc(event));
}

// Bytes of the record that `text` begins with; 0 when it is not whole.
std::size_t record_bytes(std::string_view text) {
  if (text.size() < kBefore + kBehind) return 0;
  const auto length = from_little_endian<std::uint64_t>(text);
  if (from_little_endian<std::uint32_t>(text.substr(8)) != masked_crc(text.substr(0, 8))) return 0;
  if (length > text.size() - kBefore - kBehind) return 0;
  const std::string_view event = text.substr(kBefore, length);
  if (from_little_endian<std::uint32_t>(text.substr(kBefore + length)) != masked_crc(event)) return 0;
  return kBefore + length + kBehind;
}

struct Whole {
  std::int64_t records = 0;
  std::uint64_t bytes = 0;
};
Whole whole_records(const std::string& path, std::int64_t most) {
  Whole whole;
  if (!std::filesystem::exists(path)) return whole;
  const std::string text = read_text_file(path);
  while (whole.records < most) {
    const std::size_t next = record_bytes(std::string_view(text).substr(whole.bytes));
    if (next == 0) break;
    whole.bytes += next, ++whole.records;
  }
  return whole;
}

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

}  // namespace

std::uint32_t crc32c(std::string_view text) {
  static constexpr auto kTable = make_crc_table();
  std::uint32_t crc = ~0U;
  for (const char c : text) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~crc;
}

std::string event_record(double time, std::int64_t step, std::span<const Scalar> scalars) {
  std::string summary;
  for (const Scalar& scalar : scalars)
    summary += bytes(1, bytes(1, scalar.tag) + real(2, static_cast<float>(scalar.value)));
  return framed(real(1, time) + integer(2, step) + bytes(5, summary));
}

std::string first_event_record(double time) { return framed(real(1, time) + bytes(3, "brain.Event:2")); }

EventFile::EventFile(const std::string& folder, std::int64_t most)
    : file_(folder + '/' + kName, [&] {
        const Whole whole = whole_records(folder + '/' + kName, most + 1);
        kept_ = whole.records - 1;
        return whole.bytes;
      }()) {
  if (kept_ < 0) file_.append(first_event_record(now())), kept_ = 0;
}

void EventFile::append(std::int64_t step, std::span<const Scalar> scalars) {
  file_.append(event_record(now(), step, scalars));
}

}  // namespace posecu
