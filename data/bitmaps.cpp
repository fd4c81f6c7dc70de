// Uncompressed pictures: Windows BMP (pixels by stb_image) and binary PPM and PGM.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "data/picture_formats.h"
#include "data/stb.h"

namespace posecu {
namespace {

std::uint32_t little_endian(Bytes bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = at + size; i-- > at;) value = value << 8 | std::to_integer<std::uint32_t>(bytes[i]);
  return value;
}

// Reads the three numbers of a PPM header, between which white space and comments may stand.
class NetpbmHeader {
 public:
  NetpbmHeader(Bytes bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  int number() {
    skip_blanks();
    int value = 0, digits = 0;
    for (; at_ < bytes_.size() && is_digit(); ++at_, ++digits)
      value = std::min(value * 10 + (current() - '0'), 1 << 24);
    if (digits == 0) throw InputError(name_, fmt::format("byte {}", at_), "expected a number");
    return value;
  }

  std::size_t pixels() const { return at_ + 1; }  // one white space follows the last number

 private:
  char current() const { return std::to_integer<char>(bytes_[at_]); }
  bool is_digit() const { return current() >= '0' && current() <= '9'; }
  void skip_blanks() {
    for (; at_ < bytes_.size(); ++at_) {
      if (current() == '#')
        while (at_ < bytes_.size() && current() != '\n') ++at_;
      else if (current() != ' ' && current() != '\n' && current() != '\t' && current() != '\r')
        return;
    }
  }

  Bytes bytes_;
  const std::string& name_;
  std::size_t at_ = 2;
};

// Grey as RGB.
std::vector<std::uint8_t> three_times(const std::vector<std::uint8_t>& grey) {
  std::vector<std::uint8_t> rgb(3 * grey.size());
  for (std::size_t i = 0; i < rgb.size(); ++i) rgb[i] = grey[i / 3];
  return rgb;
}

}  // namespace

DecodedPicture decode_bmp(Bytes bytes, const std::string& name) {
  if (bytes.size() < 54) throw InputError(name, "header", "the file ends within it");
  const std::size_t offset = little_endian(bytes, 10, 4), header_bytes = little_endian(bytes, 14, 4);
  const std::uint32_t depth = little_endian(bytes, 28, 2), compression = little_endian(bytes, 30, 4);
  if (header_bytes < 40 || (depth != 8 && depth != 24 && depth != 32) || (compression != 0 && compression != 3))
    throw InputError(name, "header",
                     fmt::format("only plain BMP of 8, 24 or 32 bits is read; found {} bits, "
                                 "compression {}",
                                 depth, compression));
  const std::int64_t width = static_cast<std::int32_t>(little_endian(bytes, 18, 4));
  const std::int64_t height =
      std::abs(static_cast<std::int64_t>(static_cast<std::int32_t>(little_endian(bytes, 22, 4))));
  check_picture_size(name, width, height);
  const std::size_t row_bytes = (static_cast<std::size_t>(width) * depth + 31) / 32 * 4;
  if (offset > bytes.size() || bytes.size() - offset < row_bytes * static_cast<std::size_t>(height))
    throw InputError(name, fmt::format("byte {}", bytes.size()), "the file ends before the picture does");
  std::string reason;
  std::optional<StbPicture> decoded = stb_decode(bytes, static_cast<std::size_t>(4 * width * height) + 65536, reason);
  if (!decoded) throw InputError(name, "", reason);
  return {{decoded->width, decoded->height, std::move(decoded->pixels)}, 1};
}

NetpbmLayout netpbm_layout(Bytes bytes, const std::string& name) {
  NetpbmHeader header(bytes, name);
  const int width = header.number(), height = header.number(), most = header.number();
  check_picture_size(name, width, height);
  if (most != 255) throw InputError(name, "header", fmt::format("the largest value is {}, only 255 is read", most));
  const int channels = bytes[1] == std::byte{'5'} ? 1 : 3;
  return {width, height, channels, header.pixels(),
          static_cast<std::size_t>(channels * width) * static_cast<std::size_t>(height)};
}

DecodedPicture decode_netpbm(Bytes bytes, const std::string& name) {
  const NetpbmLayout layout = netpbm_layout(bytes, name);
  if (bytes.size() < layout.header || bytes.size() - layout.header < layout.samples)
    throw InputError(name, fmt::format("byte {}", bytes.size()), "the file ends before the picture does");
  const auto* samples = reinterpret_cast<const std::uint8_t*>(bytes.data() + layout.header);
  Picture picture{layout.width, layout.height, std::vector<std::uint8_t>(samples, samples + layout.samples)};
  if (layout.channels == 1) picture.pixels = three_times(picture.pixels);
  return {std::move(picture), 1};
}

}  // namespace posecu
