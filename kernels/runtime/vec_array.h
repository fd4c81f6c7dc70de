// Vec for nvcc and simt: an array in registers, of which every loop is unrolled.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/float16.h"

namespace posecu {
inline namespace vec_array {  // apart from vec_native.h's types of the same names

template <class T>
inline constexpr int kLanes = 16 / static_cast<int>(sizeof(T));

template <int N>
inline constexpr int kKept = 1;

template <int N>
struct Mask {
  bool lanes[N];
};

template <int N>
struct Vec {
  float lanes[N];
  Vec() = default;
  __device__ __forceinline__ Vec(float value) {  // NOLINT(google-explicit-constructor): a number is all its lanes
#pragma unroll
    for (int i = 0; i < N; ++i) lanes[i] = value;
  }
};

// Lane i of the result is f(i).
template <class R, class F>
__device__ __forceinline__ R each_lane(F f) {
  R result;
#pragma unroll
  for (int i = 0; i < static_cast<int>(std::extent_v<decltype(R::lanes)>); ++i) result.lanes[i] = f(i);
  return result;
}

template <int N>
__device__ __forceinline__ float lane(Vec<N> a, int i) {
  return a.lanes[i];
}
template <int N>
__device__ __forceinline__ void set_lane(Vec<N>& a, int i, float value) {
  a.lanes[i] = value;
}
template <int N>
__device__ __forceinline__ Vec<N> operator+(Vec<N> a, Vec<N> b) {
  return each_lane<Vec<N>>([&](int i) { return a.lanes[i] + b.lanes[i]; });
}
template <int N>
__device__ __forceinline__ Vec<N> operator-(Vec<N> a, Vec<N> b) {
  return each_lane<Vec<N>>([&](int i) { return a.lanes[i] - b.lanes[i]; });
}
template <int N>
__device__ __forceinline__ Vec<N> operator*(Vec<N> a, Vec<N> b) {
  return each_lane<Vec<N>>([&](int i) { return a.lanes[i] * b.lanes[i]; });
}
template <int N>
__device__ __forceinline__ Vec<N> operator/(Vec<N> a, Vec<N> b) {
  return each_lane<Vec<N>>([&](int i) { return a.lanes[i] / b.lanes[i]; });
}
template <int N>
__device__ __forceinline__ Mask<N> operator<(Vec<N> a, Vec<N> b) {
  return each_lane<Mask<N>>([&](int i) { return a.lanes[i] < b.lanes[i]; });
}
template <int N>
__device__ __forceinline__ Mask<N> operator<=(Vec<N> a, Vec<N> b) {
  return each_lane<Mask<N>>([&](int i) { return a.lanes[i] <= b.lanes[i]; });
}
template <int N>
__device__ __forceinline__ Mask<N> operator==(Vec<N> a, Vec<N> b) {
  return each_lane<Mask<N>>([&](int i) { return a.lanes[i] == b.lanes[i]; });
}
template <int N>
__device__ __forceinline__ Mask<N> operator&(Mask<N> a, Mask<N> b) {
  return each_lane<Mask<N>>([&](int i) { return a.lanes[i] && b.lanes[i]; });
}
template <int N>
__device__ __forceinline__ Mask<N> operator|(Mask<N> a, Mask<N> b) {
  return each_lane<Mask<N>>([&](int i) { return a.lanes[i] || b.lanes[i]; });
}
template <int N>
__device__ __forceinline__ bool any(Mask<N> mask) {
  bool result = false;
#pragma unroll
  for (int i = 0; i < N; ++i) result = result || mask.lanes[i];
  return result;
}
template <int N>
__device__ __forceinline__ Vec<N> where(Mask<N> mask, Vec<N> a, Vec<N> b) {
  return each_lane<Vec<N>>([&](int i) { return mask.lanes[i] ? a.lanes[i] : b.lanes[i]; });
}
template <int N>
__device__ __forceinline__ Vec<N> fma(Vec<N> a, Vec<N> b, Vec<N> c) {
  return each_lane<Vec<N>>([&](int i) { return fmaf(a.lanes[i], b.lanes[i], c.lanes[i]); });
}
template <int N>
__device__ __forceinline__ Vec<N> abs(Vec<N> a) {
  return each_lane<Vec<N>>([&](int i) { return fabsf(a.lanes[i]); });
}
template <int N>
__device__ __forceinline__ Vec<N> sqrt(Vec<N> a) {
  return each_lane<Vec<N>>([&](int i) { return sqrtf(a.lanes[i]); });
}
template <int N>
__device__ __forceinline__ Vec<N> exp(Vec<N> a) {
  return each_lane<Vec<N>>([&](int i) { return expf(a.lanes[i]); });
}
template <int N>
__device__ __forceinline__ Vec<N> log(Vec<N> a) {
  return each_lane<Vec<N>>([&](int i) { return logf(a.lanes[i]); });
}

// What one access brings: up to 16 bytes, so N floats are one or several of them.
template <class T, int N>
struct alignas(sizeof(T) * N) Packet {
  T values[N];
};
template <class T, int N>
inline constexpr int kPacket = N < kLanes<T> ? N : kLanes<T>;

// `p` is aligned to the access: to N elements, or to 16 bytes where N elements are more.
template <int N, class T>
__device__ __forceinline__ Vec<N> load(const T* p) {
  using Access = Packet<T, kPacket<T, N>>;
  check_alignment(p, alignof(Access));
  Vec<N> result;
#pragma unroll
  for (int i = 0; i < N; i += kPacket<T, N>) {
    const Access access = *reinterpret_cast<const Access*>(p + i);
#pragma unroll
    for (int j = 0; j < kPacket<T, N>; ++j) result.lanes[i + j] = to_float(access.values[j]);
  }
  return result;
}
template <int N, class T>
__device__ __forceinline__ void store(T* p, Vec<N> a) {
  using Access = Packet<T, kPacket<T, N>>;
  check_alignment(p, alignof(Access));
#pragma unroll
  for (int i = 0; i < N; i += kPacket<T, N>) {
    Access access;
#pragma unroll
    for (int j = 0; j < kPacket<T, N>; ++j) access.values[j] = from_float<T>(a.lanes[i + j]);
    *reinterpret_cast<Access*>(p + i) = access;
  }
}

}  // namespace vec_array
}  // namespace posecu
