// The names that a pickle of tensors may use, the names of all opcodes for messages, and texts in pickles.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/safetensors.h"

namespace posecu {

enum class PthMeaning : std::uint8_t { ordered_dict, counter, tensor, parameter, storage };

struct PthName {
  std::string_view module, name;
  PthMeaning meaning;
  DataType type = DataType::f32;  // of a storage
};

std::span<const PthName> pth_names();
std::optional<std::size_t> pth_name_index(std::string_view module, std::string_view name);

std::string_view opcode_name(unsigned char opcode);  // "INST", as Python's pickletools; "unknown"
bool is_utf8(std::string_view text);

}  // namespace posecu
