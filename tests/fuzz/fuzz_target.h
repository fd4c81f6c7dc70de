// What a fuzz target gives to the harness. A target is one file, NAME_fuzz.cpp, that defines these two things; the
// harness is libFuzzer where clang has it, else fuzz_main.cpp.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace posecu {

// Gives bytes to the reader. It may throw InputError; anything else that leaves it, a signal, a sanitizer's report, a
// run that takes more than the time-out, and memory above the limit are findings. It checks what must hold of whatever
// the reader accepts.
void fuzz(std::span<const std::byte> input);

// Words of the format, which mutations insert.
std::span<const std::string_view> fuzz_dictionary();

}  // namespace posecu
