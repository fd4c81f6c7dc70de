// PNG: its chunks are checked here (order of length, CRC, header, EXIF), its pixels are decoded by stb_image.
// https://www.w3.org/TR/png-3/ is the format.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "data/exif.h"
#include "data/picture_formats.h"
#include "data/stb.h"

namespace posecu {
namespace {

constexpr std::size_t kSignatureBytes = 8, kHeaderBytes = 13;
constexpr std::size_t kMostChunkBytes = 0x7fffffff;

std::uint32_t big_endian(Bytes bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(bytes[i]);
  return value;
}

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t n = 0; n < 256; ++n) {
    std::uint32_t c = n;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1u) != 0 ? 0xedb88320u ^ (c >> 1) : c >> 1;
    table[n] = c;
  }
  return table;
}

std::uint32_t crc32(Bytes bytes) {
  static constexpr std::array<std::uint32_t, 256> table = make_crc_table();
  std::uint32_t crc = 0xffffffffu;
  for (const std::byte byte : bytes) crc = table[(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xffu] ^ (crc >> 8);
  return ~crc;
}

struct PngHeader {
  std::int64_t width = 0, height = 0;
  int depth = 0, colour_type = 0;
  bool interlaced = false;

  std::size_t channels() const {
    constexpr std::array<std::size_t, 7> by_type{1, 0, 3, 1, 2, 0, 4};
    return by_type[static_cast<std::size_t>(colour_type)];
  }
  bool valid() const {
    const bool depths_1_to_16 = depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
    switch (colour_type) {
      case 0:
        return depths_1_to_16;
      case 3:
        return depths_1_to_16 && depth != 16;
      case 2:
      case 4:
      case 6:
        return depth == 8 || depth == 16;
      default:
        return false;
    }
  }
};

struct PngFacts {
  PngHeader header;
  int orientation = 1;
  bool transparent = false;               // has a colour that is (tRNS)
  std::vector<std::size_t> empty_pixels;  // where IDAT chunks without data begin

  // What stb_image takes at once, and its largest allocation: filtered rows and samples, whose interlacing passes need
  // room beside them; samples of 16 bits, RGB of 16 bits, and RGB.
  struct Memory {
    std::uint64_t at_once, largest;
  };
  Memory memory() const {
    const auto width = static_cast<std::uint64_t>(header.width), height = static_cast<std::uint64_t>(header.height);
    const std::uint64_t pixels = width * height, depth = static_cast<std::uint64_t>(header.depth), wide = depth / 16;
    const std::uint64_t rows = height * ((width * depth + 7) / 8 * header.channels() + 1);
    const std::uint64_t samples = pixels * (1 + wide) * (header.channels() + (transparent ? 1 : 0));
    return {std::max(header.interlaced ? 3 * rows + samples / 2 * 3 : rows + samples, pixels * (6 + 3 * wide)),
            std::max({header.interlaced ? 2 * rows : rows, samples, pixels * (3 + 3 * wide)})};
  }
};

PngHeader parse_header(Bytes data, const std::string& name) {
  if (data.size() != kHeaderBytes) throw InputError(name, "IHDR", fmt::format("{} bytes, expected 13", data.size()));
  PngHeader header{big_endian(data, 0), big_endian(data, 4), std::to_integer<int>(data[8]),
                   std::to_integer<int>(data[9]), data[12] != std::byte{0}};
  if (!header.valid())
    throw InputError(name, "IHDR",
                     fmt::format("depth {} with colour type {} is no PNG", header.depth, header.colour_type));
  check_picture_size(name, header.width, header.height);
  return header;
}

PngFacts check_chunks(Bytes bytes, const std::string& name) {
  PngFacts facts;
  bool has_pixels = false;
  for (std::size_t at = kSignatureBytes;;) {
    const std::string place = fmt::format("byte {}", at);
    const std::size_t left = bytes.size() - std::min(at, bytes.size());
    if (left < 12) throw InputError(name, place, "the file ends before the picture does");
    const std::size_t length = big_endian(bytes, at);
    if (length > kMostChunkBytes || length > left - 12)
      throw InputError(name, place, fmt::format("a chunk of {} bytes, but only {} follow", length, left - 12));
    const Bytes typed = bytes.subspan(at + 4, 4 + length), data = typed.subspan(4);
    if (crc32(typed) != big_endian(bytes, at + 8 + length))
      throw InputError(name, place, "a chunk's checksum does not fit: the file is damaged");
    const std::string_view type(reinterpret_cast<const char*>(typed.data()), 4);
    if (at == kSignatureBytes) {
      if (type != "IHDR") throw InputError(name, place, "the first chunk is not IHDR");
      facts.header = parse_header(data, name);
    }
    if (type == "eXIf") facts.orientation = exif_orientation(data);
    facts.transparent = facts.transparent || type == "tRNS";
    if (type == "IDAT" && length == 0) facts.empty_pixels.push_back(at);
    has_pixels = has_pixels || (type == "IDAT" && length > 0);
    if (type == "IEND") break;
    at += 12 + length;
  }
  if (!has_pixels) throw InputError(name, "", "no pixels (IDAT)");
  return facts;
}

// The file without its empty pixel chunks, which are legal: stb_image copies nothing to nowhere for the first of them,
// which is undefined.
std::vector<std::byte> without_empty_pixels(Bytes bytes, const std::vector<std::size_t>& places) {
  constexpr std::size_t kEmptyChunk = 12;
  std::vector<std::byte> result;
  std::size_t kept = 0;
  for (const std::size_t place : places) {
    result.insert(result.end(), bytes.begin() + static_cast<std::ptrdiff_t>(kept),
                  bytes.begin() + static_cast<std::ptrdiff_t>(place));
    kept = place + kEmptyChunk;
  }
  result.insert(result.end(), bytes.begin() + static_cast<std::ptrdiff_t>(kept), bytes.end());
  return result;
}

}  // namespace

DecodedPicture decode_png(Bytes bytes, const std::string& name) {
  const PngFacts facts = check_chunks(bytes, name);
  const auto [at_once, largest] = facts.memory();
  const std::uint64_t file = bytes.size();
  check_decoding_memory(name, at_once, static_cast<std::uint64_t>(facts.header.width * facts.header.height), file);
  std::vector<std::byte> shorter;
  if (!facts.empty_pixels.empty()) bytes = shorter = without_empty_pixels(bytes, facts.empty_pixels);
  std::string reason;
  std::optional<StbPicture> decoded = stb_decode(bytes, largest + 2 * file + 65536, reason);
  if (!decoded) throw InputError(name, "pixels", "damaged: " + reason);
  return {{decoded->width, decoded->height, std::move(decoded->pixels)}, facts.orientation};
}

std::vector<std::uint8_t> encode_png(int width, int height, int channels, std::span<const std::uint8_t> pixels) {
  require(width > 0 && height > 0 && (channels == 1 || channels == 3) &&
              pixels.size() == static_cast<std::size_t>(width) * static_cast<std::size_t>(height * channels),
          "a picture to write has pixels");
  return stb_encode_png(width, height, channels, pixels);
}

}  // namespace posecu
