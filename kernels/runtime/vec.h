// Vec<N>: N floats that one thread holds in registers and computes on lane by lane. load<N> and store convert from and
// to the type in memory (float, bfloat16, float16).
//
// kLanes<T> is the width to use: on the GPU one 16-byte access (4 floats, 8 of 16 bits), on the CPU one AVX2 register
// (8 lanes), whatever the machine, so that sums are the same on every CPU. Vec<1> is a plain float: kernels take the
// width as a template parameter, and launchers pick kLanes<T> where channels are a multiple of it, else 1.
//
// kKept<N> is how many Vecs a thread keeps when it sums over rows: one on the GPU, where a block's threads stand side
// by side over the channels; 512 channels' worth on the CPU, where one thread walks whole rows in storage order.
#pragma once

#if defined(__CUDACC__) || defined(POSECU_SIMT)
#include "kernels/runtime/vec_array.h"
#else
#include "kernels/runtime/vec_native.h"
#endif

namespace posecu {

using std::abs;
using std::exp;
using std::fma;
using std::log;
using std::sqrt;

template <int N>
__device__ __forceinline__ Vec<N> operator-(Vec<N> a) {
  return Vec<N>(0.f) - a;
}
template <int N>
__device__ __forceinline__ Vec<N>& operator+=(Vec<N>& a, Vec<N> b) {
  return a = a + b;
}
template <int N>
__device__ __forceinline__ Mask<N> operator>(Vec<N> a, Vec<N> b) {
  return b < a;
}
template <int N>
__device__ __forceinline__ Mask<N> operator>=(Vec<N> a, Vec<N> b) {
  return b <= a;
}
template <int N>
__device__ __forceinline__ Vec<N> min(Vec<N> a, Vec<N> b) {
  return where(b < a, b, a);
}
template <int N>
__device__ __forceinline__ Vec<N> max(Vec<N> a, Vec<N> b) {
  return where(a < b, b, a);
}

// The lanes' sum, first to last.
template <int N>
__device__ __forceinline__ float sum(Vec<N> a) {
  float total = lane(a, 0);
#pragma unroll
  for (int i = 1; i < N; ++i) total += lane(a, i);
  return total;
}

// Lane i is the sum of rows[i]'s lanes.
template <int R, int N>
__device__ __forceinline__ Vec<R> lane_sums(const Vec<N> (&rows)[R]) {
  Vec<R> sums;
#pragma unroll
  for (int i = 0; i < R; ++i) set_lane(sums, i, sum(rows[i]));
  return sums;
}

// x where positive, else 0; NaN gives 0.
template <int N>
__device__ __forceinline__ Vec<N> relu(Vec<N> x) {
  return where(x > Vec<N>(0.f), x, Vec<N>(0.f));
}

// The gradient of relu: dy where its output y is positive.
template <int N>
__device__ __forceinline__ Vec<N> relu_gradient(Vec<N> dy, Vec<N> y) {
  return where(y > Vec<N>(0.f), dy, Vec<N>(0.f));
}

}  // namespace posecu
