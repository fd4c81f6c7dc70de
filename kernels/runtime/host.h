// CUDA's words for g++: what both host builds share. Only the seams include it.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/context.h"
#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/float16.h"
#include "kernels/runtime/launch_options.h"

#define __global__ static
#define __device__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)

// Global, as in CUDA.
struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned columns = 1, unsigned rows = 1, unsigned layers = 1)  // NOLINT(google-explicit-constructor)
      : x(columns), y(rows), z(layers) {}
};

namespace posecu {

using std::max;
using std::min;

// The index of block `number` when blocks are counted along x first, as CUDA counts.
constexpr uint3 block_index(dim3 grid, unsigned number) {
  return {number % grid.x, number / grid.x % grid.y, number / (grid.x * grid.y)};
}

inline float to_float(float x) { return x; }
inline float to_float(bfloat16 x) { return std::bit_cast<float>(static_cast<std::uint32_t>(x.bits) << 16); }
inline float to_float(float16 x) { return half_to_float<float>(std::uint32_t{x.bits}); }

template <class T>
T from_float(float x);
template <>
inline float from_float<float>(float x) {
  return x;
}
template <>
inline bfloat16 from_float<bfloat16>(float x) {  // to the nearest, ties to even; NaN stays NaN
  const auto u = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t rounded = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
  return {static_cast<std::uint16_t>((u & 0x7fffffffu) > 0x7f800000u ? 0x7fc0u : rounded)};
}
template <>
inline float16 from_float<float16>(float x) {
  return {static_cast<std::uint16_t>(float_to_half<float, std::uint32_t>(x))};
}

}  // namespace posecu
