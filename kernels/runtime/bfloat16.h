// The upper half of a float: 8 bits of exponent, 7 of mantissa. Storage only; kernels compute in float.
#pragma once

#include <cstdint>

namespace posecu {

struct bfloat16 {
  std::uint16_t bits;
};

}  // namespace posecu
