// PyTorch's legacy files. Mutations keep the magic number as long as they leave it alone; nothing else is a checksum,
// so they reach the pickles and the storages.
#include "tests/fuzz/pth_fuzz.h"

namespace posecu {

void fuzz(std::span<const std::byte> input) {
  check_pth(parse_pth("input", {input.begin(), input.end()}), input.size());
}

std::span<const std::string_view> fuzz_dictionary() { return kPthWords; }

}  // namespace posecu
