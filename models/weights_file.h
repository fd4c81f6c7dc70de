// A weights file of any format and family: safetensors, or PyTorch's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/safetensors.h"
#include "models/names.h"
#include "models/pth.h"

namespace posecu {

inline constexpr std::uint64_t kMaxModelBytes = std::uint64_t{2} << 30;

enum class WeightsFormat { safetensors, pth_zip, pth_legacy };
std::string_view to_string(WeightsFormat format);

struct WeightsFile {
  Safetensors tensors;             // under the names of the file
  std::vector<PthScalar> scalars;  // of a PyTorch file
  WeightsFormat format;
  NameMap map;

  Safetensors official() &&;  // the tensors under their official names
};

// The format is recognised by the file's first bytes. A checksum that the file carries is verified. Throws InputError
// naming the file, the place in it and what to do.
WeightsFile read_weights_file(const std::string& path, std::uint64_t max_bytes = kMaxModelBytes);

}  // namespace posecu
