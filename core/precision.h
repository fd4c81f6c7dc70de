// How a network stores what flows through it, and multiplies it. Parameters, their gradients and losses are fp32
// always, and so are sums.
#pragma once

namespace posecu {

enum class Precision {
  fp32,  // products of floats, exactly as written
  tf32,  // floats in memory, products on tensor cores with 10 bits of mantissa
  bf16,  // 16 bits in memory: 8 of exponent, 7 of mantissa
  fp16   // 16 bits in memory: 5 of exponent, 10 of mantissa
};

}  // namespace posecu
