// Where tests compute: on the CPU, or on the first GPU when POSECU_TEST_DEVICE=cuda is set (tests labelled gpu). There
// tensors live in memory that the host shares, and every launch waits (CUDA_LAUNCH_BLOCKING=1, set by the ctest entry),
// so that a test reads what a kernel wrote as it does on the CPU.
#pragma once

#include <vector>

#include "core/context.h"

namespace posecu {

// `options` for the device that tests are asked to run on. Nothing is recorded: launches that wait cannot be.
ContextOptions test_context_options(ContextOptions options = {});

// The same for tests of recorded work (label gpu, named *Replay*; there launches do not wait): tensors live in the
// device's own memory, and only downloads show what is in them.
ContextOptions test_graph_options(ContextOptions options = {});

// A tensor with these values.
template <class T>
Tensor<T> uploaded(Context& context, const Shape& shape, const std::vector<T>& values) {
  Tensor<T> tensor = context.tensor<T>(shape);
  context.upload(tensor.view(), values);
  return tensor;
}

}  // namespace posecu
