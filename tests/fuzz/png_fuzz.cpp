// PNG pictures. Checksums are made to fit first, so that mutations reach the decoder behind them.
#include <array>

#include "core/error.h"
#include "data/picture_formats.h"
#include "tests/data/picture_maker.h"
#include "tests/fuzz/fuzz_target.h"

namespace posecu {

void fuzz(std::span<const std::byte> input) {
  const auto check = [](const DecodedPicture& decoded) {
    const Picture& picture = decoded.picture;
    require(picture.width > 0 && picture.height > 0 && picture.width <= kMaxPictureSide &&
                picture.height <= kMaxPictureSide,
            "a picture's size");
    require(picture.pixels.size() == picture.row_bytes() * static_cast<std::size_t>(picture.height), "its pixels");
    require(decoded.orientation >= 1 && decoded.orientation <= 8, "its orientation");
  };
  std::vector<std::byte> file(input.begin(), input.end());
  repair_png_checksums(file);
  check(decode_png(file, "input"));
}

std::span<const std::string_view> fuzz_dictionary() {
  static constexpr std::array<std::string_view, 10> kWords{"IHDR", "IDAT", "IEND", "PLTE",     "tRNS",
                                                           "eXIf", "zTXt", "CgBI", "\x10\x06", "\x01"};
  return kWords;
}

}  // namespace posecu
