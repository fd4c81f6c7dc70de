// The loss scale of a training in fp16: gradients on their way back are multiplied with it, so that small ones are not
// lost below fp16's least number, 2^-24. It is halved when a gradient became too large for fp16, and doubled after many
// steps without (Micikevicius et al. 2018); numbers as in PyTorch's GradScaler. It is never below 1.
#pragma once

#include <algorithm>
#include <optional>

#include "core/precision.h"

namespace posecu {

struct LossScale {
  float value = 1;     // a power of 2
  int good_steps = 0;  // in a row, since it last changed
};

// Nothing where gradients need none.
inline std::optional<LossScale> initial_loss_scale(Precision precision) {
  if (precision != Precision::fp16) return {};
  return LossScale{.value = 65536, .good_steps = 0};
}

enum class Overflow { no, yes };

// After a step.
inline LossScale next_loss_scale(const LossScale& scale, Overflow overflow) {
  constexpr int kGoodSteps = 2000;
  if (overflow == Overflow::yes) return {std::max(scale.value / 2, 1.F), 0};
  if (scale.good_steps + 1 == kGoodSteps) return {scale.value * 2, 0};
  return {scale.value, scale.good_steps + 1};
}

}  // namespace posecu
