// A 64-bit hash that finds damage: each step is a bijection of the state and of the word, so one changed word always
// shows. No defence against somebody who means to deceive.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace posecu {

class Checksum64 {
 public:
  void add(std::span<const std::byte> bytes) {
    add_word(bytes.size());
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) add_word(word(bytes.subspan(at, 8)));
    if (at < bytes.size()) add_word(word(bytes.subspan(at)));
  }
  void add(std::string_view text) { add(std::as_bytes(std::span(text))); }
  std::string text() const;  // 16 hexadecimal digits

 private:
  static std::uint64_t word(std::span<const std::byte> bytes) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }
  void add_word(std::uint64_t word) { state_ = std::rotl(state_ ^ word, 29) * 0x9E3779B97F4A7C15U; }

  std::uint64_t state_ = 0x243F6A8885A308D3U;
};

}  // namespace posecu
