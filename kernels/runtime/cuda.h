// The cuda build: nvcc brings the words; launch() is ours.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "core/context.h"
#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/float16.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

using ::max;
using ::min;

static_assert(offsetof(Stream, queue) == 16, "cmake/join_launchers.sh writes code that reads it there");

__device__ __forceinline__ float to_float(float x) { return x; }
__device__ __forceinline__ float to_float(bfloat16 x) { return __uint_as_float(static_cast<unsigned>(x.bits) << 16); }
__device__ __forceinline__ float to_float(float16 x) { return __half2float(__ushort_as_half(x.bits)); }

template <class T>
__device__ __forceinline__ T from_float(float x) {
  if constexpr (std::is_same_v<T, bfloat16>) {
    return {__bfloat16_as_ushort(__float2bfloat16_rn(x))};
  } else if constexpr (std::is_same_v<T, float16>) {
    return {__half_as_ushort(__float2half_rn(x))};
  } else {
    return x;
  }
}

__device__ __forceinline__ void check_alignment(const void*, std::size_t) {}  // the device itself checks

// Throws MachineError naming the kernel when it cannot be started. Errors inside it are met at the next
// synchronisation.
template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 block, const Stream& stream, const A&... args) {
  if (stream.dry_run || grid.x * grid.y * grid.z == 0) return;
  kernel<<<grid, block, 0, static_cast<cudaStream_t>(stream.queue)>>>(args...);
  const cudaError_t error = cudaGetLastError();
  if (error == cudaSuccess) return;
  const char* name = "?";
  (void)cudaFuncGetName(&name, reinterpret_cast<const void*>(kernel));
  throw MachineError(std::string("cannot start kernel ") + name + ": " + cudaGetErrorString(error));
}

}  // namespace posecu
