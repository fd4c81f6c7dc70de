// The bridge from libFuzzer, which brings its own main and mutations, to a target of fuzz_target.h.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "core/error.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" {

std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);  // libFuzzer's

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    posecu::fuzz(std::as_bytes(std::span(data, size)));
  } catch (const posecu::InputError&) {
  }
  return 0;
}

// One mutation in eight inserts a word of the format or writes it over what is there; the others are libFuzzer's.
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
  const auto dictionary = posecu::fuzz_dictionary();
  const unsigned choice = seed >> 4U;
  if (seed % 8 != 0 || dictionary.empty()) return LLVMFuzzerMutate(data, size, max_size);
  const std::string_view word = dictionary[choice % dictionary.size()];
  const std::size_t at = choice / dictionary.size() % (size + 1);
  const bool inserts = (seed & 8U) != 0;
  const std::size_t result = inserts ? size + word.size() : std::max(size, at + word.size());
  if (result > max_size) return LLVMFuzzerMutate(data, size, max_size);
  if (inserts) std::memmove(data + at + word.size(), data + at, size - at);
  std::ranges::copy(word, data + at);
  return result;
}

// g++ reports edges by a call at each; libFuzzer reads counters.
void __sanitizer_cov_8bit_counters_init(std::uint8_t* begin, std::uint8_t* end);
void __wrap___sanitizer_cov_trace_pc();

// Comparisons of floating-point numbers, which g++ reports and libFuzzer does not know.
void __sanitizer_cov_trace_cmpf(float a, float b);
void __sanitizer_cov_trace_cmpf(float, float) {}
void __sanitizer_cov_trace_cmpd(double a, double b);
void __sanitizer_cov_trace_cmpd(double, double) {}

}  // extern "C"

namespace {

struct Counters {
  Counters() { __sanitizer_cov_8bit_counters_init(edges.data(), edges.data() + edges.size()); }
  std::array<std::uint8_t, 1 << 16> edges{};  // by a hash of the instruction's address
};

}  // namespace

extern "C" void __wrap___sanitizer_cov_trace_pc() {
  static Counters counters;
  const auto address = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  ++counters.edges[(address ^ (address >> 16U)) & 0xFFFFU];
}
