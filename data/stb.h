// stb_image behind a small door: it decodes what the caller has checked, within a budget of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace posecu {

struct StbPicture {
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;  // [height,width,3] RGB
};

// Decodes PNG or BMP. No single allocation may exceed `most_bytes`. On failure nothing, and `reason` says why.
std::optional<StbPicture> stb_decode(std::span<const std::byte> bytes, std::size_t most_bytes, std::string& reason);

std::vector<std::uint8_t> stb_encode_png(int width, int height, int channels, std::span<const std::uint8_t> pixels);

}  // namespace posecu
