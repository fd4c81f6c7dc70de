// From a pickle's values to tensors and scalars by path.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/pth.h"
#include "models/pth_pickle.h"

namespace posecu {

struct PthPlace {
  std::string file, record;  // of the pickle, for messages
};

// `storages[i]` holds exactly what pickle.storages[i] states, and lies in `storage`, which the result owns. Views that
// are not contiguous are copied, `budget` bytes and 16 MiB of them at most. Throws InputError: values nested more than
// 32 deep or shared so that walking through them never ends, keys that stand twice, paths longer than 1024 bytes.
PthFile collect(const PthPlace& place, const Pickle& pickle, std::vector<std::vector<std::byte>> storage,
                std::span<const std::span<const std::byte>> storages, std::size_t budget, PthFormat format);

}  // namespace posecu
