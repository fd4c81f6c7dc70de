#include <fmt/format.h>

#include "layers/cudnn.h"

namespace posecu {

std::string to_string(const CudnnOperation& operation) {
  static constexpr const char *kDirections[] = {"forward", "backward data", "backward weights"},
                              *kPrecisions[] = {"fp32", "tf32", "bf16", "fp16"},
                              *kEpilogues[] = {"", ", relu", ", add", ", add, relu"};
  const auto& [in, out, kernel, stride, padding] = operation.sizes;
  return fmt::format("{} {} {}x{}x{}x{} to {}, {}x{}{}{}{}{}", kDirections[static_cast<int>(operation.direction)],
                     kPrecisions[static_cast<int>(operation.precision)], operation.n, operation.h, operation.w, in, out,
                     kernel, kernel, stride == 1 ? "" : fmt::format(", stride {}", stride),
                     padding == kernel / 2 ? "" : fmt::format(", padding {}", padding),
                     operation.bias == Bias::yes ? ", bias" : "", kEpilogues[static_cast<int>(operation.epilogue)]);
}

}  // namespace posecu
