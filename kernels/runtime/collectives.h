// Operations of a whole block: every thread must call them, at the same place. In the serial build a block is one
// thread, and they hand their argument back.
#pragma once

#include "kernels/runtime/vec.h"

namespace posecu {

#if !defined(__CUDACC__) && !defined(POSECU_SIMT)

template <class T>
__forceinline__ T block_sum(T value) {
  return value;
}
template <class T>
__forceinline__ T block_max(T value) {
  return value;
}
template <int N>
__forceinline__ Vec<N> block_sum_y(Vec<N> value) {
  return value;
}

#else

struct SumOf {
  template <class T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return a + b;
  }
};
struct MaxOf {
  template <class T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return a < b ? b : a;
  }
};

// Joins the values of all threads in an order that depends on the block's size alone; all threads get the result.
// Whole warps shuffle first; then every thread joins the few values that are left.
template <class T, class Join>
__device__ __forceinline__ T block_reduce(T value, Join join) {
  __shared__ T left[kMaxThreads];
  const int threads = static_cast<int>(blockDim.x * blockDim.y);
  const int thread = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x);
  const int step = threads % 32 == 0 ? 32 : 1;
  for (int distance = step / 2; distance > 0; distance /= 2)
    value = join(value, __shfl_xor_sync(0xffffffffu, value, distance));
  if (thread % step == 0) left[thread / step] = value;
  __syncthreads();
  T result = left[0];
  for (int i = 1; i < threads / step; ++i) result = join(result, left[i]);
  __syncthreads();  // `left` may be written again by a next call
  return result;
}

// T is float, double or int.
template <class T>
__device__ __forceinline__ T block_sum(T value) {
  return block_reduce(value, SumOf{});
}
template <class T>
__device__ __forceinline__ T block_max(T value) {
  return block_reduce(value, MaxOf{});
}

// The sum over threadIdx.y, valid in threads with threadIdx.y == 0: by halves, in an order that depends on blockDim.y
// alone.
template <int N>
__device__ __forceinline__ Vec<N> block_sum_y(Vec<N> value) {
  __shared__ Vec<N> sums[kMaxThreads];
  const int column = static_cast<int>(threadIdx.x), row = static_cast<int>(threadIdx.y);
  const int width = static_cast<int>(blockDim.x), mine = row * width + column;
  sums[mine] = value;
  for (int rows = static_cast<int>(blockDim.y); rows > 1;) {
    const int half = (rows + 1) / 2;
    __syncthreads();
    if (row + half < rows) sums[mine] += sums[mine + half * width];
    rows = half;
  }
  value = sums[mine];
  __syncthreads();  // `sums` may be written again by a next call
  return value;
}

#endif

}  // namespace posecu
