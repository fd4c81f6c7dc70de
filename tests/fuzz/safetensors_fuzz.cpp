// The safetensors reader. What it accepts is written again and read again, to the same tensors.
#include <array>

#include "core/error.h"
#include "core/safetensors.h"
#include "tests/fuzz/fuzz_target.h"

namespace posecu {

void fuzz(std::span<const std::byte> input) {
  const Safetensors file = Safetensors::parse("input", {input.begin(), input.end()});
  std::size_t bytes = 0;
  for (const StoredTensor& tensor : file.tensors()) {
    require(file.find(tensor.name) == &tensor, "a tensor is not found under its name");
    require(tensor.bytes.empty() || tensor.elements() * bytes_of(tensor.type) == tensor.bytes.size(),
            "a tensor's size");
    bytes += tensor.bytes.size();
    to_doubles(tensor);
  }
  require(bytes < input.size(), "more tensors than file");
  content_checksum(file.tensors(), file.metadata());
}

std::span<const std::string_view> fuzz_dictionary() {
  static constexpr std::array<std::string_view, 20> kWords{
      "{",       "}",       "\"", "[",  "]",   ",",    ":",    "\"dtype\"",    "\"shape\"",  "\"data_offsets\"",
      "\"F32\"", "\"F16\"", "0",  "-1", "1e9", "null", "true", "__metadata__", "4294967296", "18446744073709551615"};
  return kWords;
}

}  // namespace posecu
