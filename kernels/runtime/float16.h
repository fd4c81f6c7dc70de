// IEEE half precision: 5 bits of exponent, 10 of mantissa. Storage only; kernels compute in float.
#pragma once

#include <bit>
#include <cstdint>

namespace posecu {

struct float16 {
  std::uint16_t bits;
};

// Both ways without the processor's own instructions, for one number or lane by lane: F is float or a vector of floats,
// U its bits, 32 in a lane. A half is the lower 16 bits of such a lane.
//
// A half's bits, moved to a float's place, stand for 2^-112 of its value: also where it is subnormal.
template <class F, class U>
inline F half_to_float(U half) {
  const U shifted = (half & 0x7fffu) << 13, sign = (half & 0x8000u) << 16;
  const U magnitude = std::bit_cast<U>(std::bit_cast<F>(shifted) * 0x1p112f);
  return std::bit_cast<F>((shifted < 0x0f800000u ? magnitude : shifted | 0x7f800000u) | sign);  // infinity, NaN
}

// To the nearest, ties to even; what is too large becomes infinity, NaN stays NaN.
template <class F, class U>
inline U float_to_half(F x) {
  const U bits = std::bit_cast<U>(x), magnitude = bits & 0x7fffffffu, sign = (bits >> 16) & 0x8000u;
  // Below 2^-14 the results are subnormal: the sum with 1/2, whose last place is 2^-24, rounds to them.
  const U subnormal = std::bit_cast<U>(std::bit_cast<F>(magnitude) + 0.5f) - 0x3f000000u;
  const U normal = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  const U large = U{} + 0x7c00u + (magnitude > 0x7f800000u ? U{} + 0x200u : U{});
  return sign | (magnitude < 0x38800000u ? subnormal : magnitude < 0x47800000u ? normal : large);
}

}  // namespace posecu
