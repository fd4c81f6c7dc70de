// JPEG pictures, with and without tolerance of damage.
#include <array>

#include "core/error.h"
#include "tests/fuzz/check_picture.h"
#include "tests/fuzz/fuzz_target.h"

namespace posecu {

void fuzz(std::span<const std::byte> input) {
  try {
    check_picture(decode_jpeg(input, "input", DamagedPicture::fill));
  } catch (const InputError&) {  // then it is refused without tolerance too
  }
  check_picture(decode_jpeg(input, "input", DamagedPicture::refuse));
}

std::span<const std::string_view> fuzz_dictionary() {
  static constexpr std::array<std::string_view, 14> kWords{"\xff\xd8", "\xff\xd9", "\xff\xc0", "\xff\xc2", "\xff\xc4",
                                                           "\xff\xda", "\xff\xdb", "\xff\xdd", "\xff\xe1", "\xff\xee",
                                                           "\xff\xd0", "Exif",     "Adobe",    "\xff\xff"};
  return kWords;
}

}  // namespace posecu
