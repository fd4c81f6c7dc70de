// PyTorch's files (.pth, .pt), read and written without PyTorch: the zip format and the one of before version 1.6.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/safetensors.h"

namespace posecu {

// What stands in a file beside tensors. An integer of more than 64 bits is a BigInteger: its decimal digits.
struct BigInteger {
  std::string digits;
};
struct PthScalar {
  std::string path;  // keys and list positions, joined with "/": "optimizer/param_groups/0/lr"
  std::variant<std::monostate, bool, std::int64_t, double, std::string, BigInteger> value;
};

enum class PthFormat { zip, legacy };

struct PthFile {
  Safetensors tensors;  // names are paths, as above; contiguous, whatever the views in the file
  std::vector<PthScalar> scalars;
  PthFormat format;
};

// Whether these bytes begin as a PyTorch file does.
bool looks_like_pth(std::span<const std::byte> contents);

// Throws InputError naming file, record and byte for everything but tensors and plain values (models/pth_pickle.h).
// Uses at most the file's size for contiguous copies of views, and 16 MiB.
PthFile parse_pth(const std::string& path, std::vector<std::byte> contents);

// Writes an OrderedDict of tensors, as torch.save(model.state_dict()) does, atomically: torch.load(weights_only=True)
// reads it. Equal tensors give equal files.
void write_pth(const std::string& path, std::span<const StoredTensor> tensors);

}  // namespace posecu
