// JPEG pictures, with and without tolerance of damage.
#include <array>

#include "core/error.h"
#include "data/picture_formats.h"
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
  try {
    check(decode_jpeg(input, "input", DamagedPicture::fill));
  } catch (const InputError&) {  // then it is refused without tolerance too
  }
  check(decode_jpeg(input, "input", DamagedPicture::refuse));
}

std::span<const std::string_view> fuzz_dictionary() {
  static constexpr std::array<std::string_view, 14> kWords{"\xff\xd8", "\xff\xd9", "\xff\xc0", "\xff\xc2", "\xff\xc4",
                                                           "\xff\xda", "\xff\xdb", "\xff\xdd", "\xff\xe1", "\xff\xee",
                                                           "\xff\xd0", "Exif",     "Adobe",    "\xff\xff"};
  return kWords;
}

}  // namespace posecu
