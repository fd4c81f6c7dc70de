// The bridge from libFuzzer, which brings its own main and mutations, to a target of fuzz_target.h.
#include <cstdint>

#include "core/error.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    posecu::fuzz(std::as_bytes(std::span(data, size)));
  } catch (const posecu::InputError&) {
  }
  return 0;
}
