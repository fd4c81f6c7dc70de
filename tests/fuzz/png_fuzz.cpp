// PNG pictures. Checksums are made to fit first, so that mutations reach the decoder behind them.
#include <array>

#include "core/error.h"
#include "tests/data/picture_maker.h"
#include "tests/fuzz/check_picture.h"
#include "tests/fuzz/fuzz_target.h"

namespace posecu {

void fuzz(std::span<const std::byte> input) {
  std::vector<std::byte> file(input.begin(), input.end());
  repair_png_checksums(file);
  check_picture(decode_png(file, "input"));
}

std::span<const std::string_view> fuzz_dictionary() {
  static constexpr std::array<std::string_view, 10> kWords{"IHDR", "IDAT", "IEND", "PLTE",     "tRNS",
                                                           "eXIf", "zTXt", "CgBI", "\x10\x06", "\x01"};
  return kWords;
}

}  // namespace posecu
