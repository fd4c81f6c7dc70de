// What a kernel file includes: one kernel text, three builds.
//
//   cuda    nvcc                the GPU
//   serial  g++                 the CPU: a block is one thread (blockDim is 1), blocks are shared out over a pool
//   simt    g++, POSECU_SIMT    tests: every CUDA thread is a fiber; races, bounds and barriers are checked
//
// docs/kernels/writing.md says how to write a kernel.
#pragma once

#if defined(__CUDACC__)
#include "kernels/runtime/cuda.h"
#elif defined(POSECU_SIMT)
#include "kernels/runtime/simt.h"
#else
#include "kernels/runtime/serial.h"
#endif

#include "kernels/runtime/collectives.h"
#include "kernels/runtime/launch.h"
#include "kernels/runtime/vec.h"
