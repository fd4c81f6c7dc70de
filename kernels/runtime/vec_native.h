// Vec for the serial build: one register of GCC's vector extension, which needs no help from the auto-vectoriser.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/float16.h"

namespace posecu {
inline namespace vec_native {  // apart from vec_array.h's types of the same names

template <class T>
inline constexpr int kLanes = 8;

template <int N>
inline constexpr int kKept = 512 / N;

template <int N>
struct Native {  // GCC 12 drops the attribute of an alias
  // NOLINTBEGIN(modernize-use-using)
  typedef float f32 __attribute__((vector_size(N * 4)));
  typedef std::int32_t i32 __attribute__((vector_size(N * 4)));
  typedef std::uint32_t u32 __attribute__((vector_size(N * 4)));
  typedef std::uint16_t u16 __attribute__((vector_size(N * 2)));
  // NOLINTEND(modernize-use-using)
};
template <>
struct Native<1> {
  using f32 = float;
  using i32 = std::int32_t;
  using u32 = std::uint32_t;
  using u16 = std::uint16_t;
};
template <int N>
using NativeFloat = typename Native<N>::f32;
template <int N>
using NativeInt = typename Native<N>::i32;
template <int N>
using NativeBits = typename Native<N>::u32;

template <class To, class From>
__forceinline__ To convert_lanes(From from) {
  if constexpr (std::is_arithmetic_v<From>) {
    return static_cast<To>(from);
  } else {
    return __builtin_convertvector(from, To);
  }
}

template <int N>
struct Mask {
  NativeInt<N> v;  // -1 (N = 1: any value but 0) or 0
};

template <int N>
struct Vec {
  NativeFloat<N> v;
  Vec() = default;
  __forceinline__ Vec(float value) : v(value - NativeFloat<N>{}) {}  // NOLINT(google-explicit-constructor)
  __forceinline__ explicit Vec(NativeFloat<N> lanes) requires(N > 1) : v(lanes) {}
};

template <int N>
__forceinline__ float lane(Vec<N> a, int i) {
  if constexpr (N == 1)
    return a.v;
  else
    return a.v[i];
}
template <int N>
__forceinline__ void set_lane(Vec<N>& a, int i, float value) {
  if constexpr (N == 1)
    a.v = value;
  else
    a.v[i] = value;
}
template <int N>
__forceinline__ Vec<N> operator+(Vec<N> a, Vec<N> b) {
  return Vec<N>(a.v + b.v);
}
template <int N>
__forceinline__ Vec<N> operator-(Vec<N> a, Vec<N> b) {
  return Vec<N>(a.v - b.v);
}
template <int N>
__forceinline__ Vec<N> operator*(Vec<N> a, Vec<N> b) {
  return Vec<N>(a.v * b.v);
}
template <int N>
__forceinline__ Vec<N> operator/(Vec<N> a, Vec<N> b) {
  return Vec<N>(a.v / b.v);
}
template <int N>
__forceinline__ Mask<N> operator<(Vec<N> a, Vec<N> b) {
  return {a.v < b.v};
}
template <int N>
__forceinline__ Mask<N> operator<=(Vec<N> a, Vec<N> b) {
  return {a.v <= b.v};
}
template <int N>
__forceinline__ Mask<N> operator==(Vec<N> a, Vec<N> b) {
  return {a.v == b.v};
}
template <int N>
__forceinline__ Mask<N> operator&(Mask<N> a, Mask<N> b) {
  return {a.v & b.v};
}
template <int N>
__forceinline__ Mask<N> operator|(Mask<N> a, Mask<N> b) {
  return {a.v | b.v};
}
template <int N>
__forceinline__ bool any(Mask<N> mask) {
  if constexpr (N == 1) {
    return mask.v != 0;
  } else {
    std::int32_t joined = 0;
    for (int i = 0; i < N; ++i) joined |= mask.v[i];
    return joined != 0;
  }
}
template <int N>
__forceinline__ Vec<N> where(Mask<N> mask, Vec<N> a, Vec<N> b) {
  return Vec<N>(mask.v ? a.v : b.v);
}
template <int N>
__forceinline__ Vec<N> fma(Vec<N> a, Vec<N> b, Vec<N> c) {
  return Vec<N>(a.v * b.v + c.v);  // one instruction: kernels are compiled with -ffp-contract=fast
}
template <int N>
__forceinline__ Vec<N> abs(Vec<N> a) {
  return Vec<N>(std::bit_cast<NativeFloat<N>>(std::bit_cast<NativeInt<N>>(a.v) & 0x7fffffff));
}
template <int N>
__forceinline__ Vec<N> sqrt(Vec<N> a) {
  Vec<N> result;
  for (int i = 0; i < N; ++i) set_lane(result, i, __builtin_sqrtf(lane(a, i)));
  return result;
}

// Lane i is the sum of rows[i]'s lanes: a transposition by halves that adds on its way, 21 instructions for 64 numbers.
__forceinline__ Vec<8> lane_sums(const Vec<8> (&rows)[8]) {
  using F = NativeFloat<8>;
  F pairs[4], quads[2];
  for (int i = 0; i < 4; ++i) {
    const F a = rows[2 * i].v, b = rows[2 * i + 1].v;
    pairs[i] = __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13) +
               __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int i = 0; i < 2; ++i) {
    const F a = pairs[2 * i], b = pairs[2 * i + 1];
    quads[i] = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13) +
               __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  }
  return Vec<8>(__builtin_shufflevector(quads[0], quads[1], 0, 1, 2, 3, 8, 9, 10, 11) +
                __builtin_shufflevector(quads[0], quads[1], 4, 5, 6, 7, 12, 13, 14, 15));
}

// e^x = 2^n e^f with |f| <= ln 2 / 2 and Cephes' polynomial for e^f: within 2 units of the last place. Below -87.3,
// where the result is no normal float, 0; above 88.7 clamped.
template <int N>
__forceinline__ Vec<N> exp(Vec<N> x) {
  using F = NativeFloat<N>;
  const F clamped = min(max(x, Vec<N>(-87.3f)), Vec<N>(88.7f)).v;
  const F n = (clamped * 1.44269504f + 12582912.f) - 12582912.f;  // rounds to an integer: 1.5 * 2^23
  const F f = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;  // ln 2 in two parts
  F p = f * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * f + 8.3334519073e-3f;
  p = p * f + 4.1665795894e-2f;
  p = p * f + 1.6666665459e-1f;
  p = p * f + 5.0000001201e-1f;
  p = p * f * f + f + 1.f;
  const NativeInt<N> exponent = convert_lanes<NativeInt<N>>(n) << 23;
  const Vec<N> result(std::bit_cast<F>(std::bit_cast<NativeInt<N>>(p) + exponent));
  return where(x < Vec<N>(-87.3f), Vec<N>(0.f), result);
}

// log x = e ln 2 + log m with m in [sqrt(1/2), sqrt(2)) and Cephes' polynomial: within 2 units of the last place. For
// positive normal x; infinity gives infinity.
template <int N>
__forceinline__ Vec<N> log(Vec<N> x) {
  using F = NativeFloat<N>;
  using I = NativeInt<N>;
  const I bits = std::bit_cast<I>(x.v) - 0x3f3504f3;  // of sqrt(1/2)
  const F e = convert_lanes<F>(bits >> 23);
  const F m = std::bit_cast<F>((bits & 0x7fffff) + 0x3f3504f3) - 1.f, square = m * m;
  F p = m * 7.0376836292e-2f - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  const Vec<N> result(p * m * square - e * 2.12194440e-4f - 0.5f * square + m + e * 0.693359375f);
  return where(Vec<N>(3.4e38f) < x, x, result);
}

template <int N>
__forceinline__ Vec<N> load(const float* p) {
  Vec<N> result;
  std::memcpy(&result.v, p, sizeof result.v);
  return result;
}
template <int N>
__forceinline__ void store(float* p, Vec<N> a) {
  std::memcpy(p, &a.v, sizeof a.v);
}
template <int N>
__forceinline__ Vec<N> load(const bfloat16* p) {
  typename Native<N>::u16 halves;
  std::memcpy(&halves, p, sizeof halves);
  return Vec<N>(std::bit_cast<NativeFloat<N>>(convert_lanes<NativeBits<N>>(halves) << 16));
}
template <int N>
__forceinline__ void store(bfloat16* p, Vec<N> a) {  // to the nearest, ties to even; NaN stays NaN
  const auto bits = std::bit_cast<NativeBits<N>>(a.v);
  const NativeBits<N> rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const NativeBits<N> nan = NativeBits<N>{} + 0x7fc0u;
  const auto halves = convert_lanes<typename Native<N>::u16>(a.v == a.v ? rounded : nan);
  std::memcpy(p, &halves, sizeof halves);
}
template <int N>
__forceinline__ Vec<N> load(const float16* p) {
  typename Native<N>::u16 halves;
  std::memcpy(&halves, p, sizeof halves);
  return Vec<N>(half_to_float<NativeFloat<N>>(convert_lanes<NativeBits<N>>(halves)));
}
template <int N>
__forceinline__ void store(float16* p, Vec<N> a) {
  const auto halves = convert_lanes<typename Native<N>::u16>(float_to_half<NativeFloat<N>, NativeBits<N>>(a.v));
  std::memcpy(p, &halves, sizeof halves);
}

}  // namespace vec_native
}  // namespace posecu
