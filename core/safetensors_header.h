// The JSON header of a safetensors file, read as a stream: nothing but the result is kept, whatever the header holds.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/safetensors.h"

namespace posecu {

struct SafetensorsHeader {
  std::vector<StoredTensor> tensors;  // in the header's order, each within the data
  std::map<std::string, std::string> metadata;
};

// Throws InputError naming `path` and the tensor. Does not look for two tensors of one name, overlaps or holes.
SafetensorsHeader parse_safetensors_header(const std::string& path, std::string_view text,
                                           std::span<const std::byte> data);

}  // namespace posecu
