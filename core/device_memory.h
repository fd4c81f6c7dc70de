// How much memory a context has for tensors.
#pragma once

#include <cstddef>

#include "core/context.h"

namespace posecu {

// Bytes: options.memory, or where that is 0 all that the machine has, of a GPU all that is free but for a reserve.
// `cuda` is null on the CPU.
std::size_t tensor_memory(const ContextOptions& options, const CudaDevice* cuda);

}  // namespace posecu
