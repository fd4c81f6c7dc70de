// Sums, scales and copies of whole tensors. Each output may be one of the inputs, except where channels move or types
// change.
#pragma once

#include <cstddef>

#include "core/context.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

// y = a + b, over n elements.
template <class T>
void add(const Stream& stream, T* y, const T* a, const T* b, std::size_t n, LaunchOptions launch_options = {});

// y += a: where two gradients meet at a branch point.
template <class T>
void accumulate(const Stream& stream, T* y, const T* a, std::size_t n, LaunchOptions launch_options = {});

// y = scale * x.
template <class T>
void scale(const Stream& stream, T* y, const T* x, float factor, std::size_t n, LaunchOptions launch_options = {});

// y = a * x + b * z.
template <class T>
void axpby(const Stream& stream, T* y, float a, const T* x, float b, const T* z, std::size_t n,
           LaunchOptions launch_options = {});

// y = max(x, 0).
template <class T>
void relu_forward(const Stream& stream, T* y, const T* x, std::size_t n, LaunchOptions launch_options = {});

// dx = dy where y > 0, else 0.
template <class T>
void relu_backward(const Stream& stream, T* dx, const T* dy, const T* y, std::size_t n,
                   LaunchOptions launch_options = {});

// y = x in another type: float to bfloat16 or float16 (to the nearest, ties to even), or back.
template <class To, class From>
void cast(const Stream& stream, To* y, const From* x, std::size_t n, LaunchOptions launch_options = {});

struct ConcatShape {
  int rows = 0;  // N*H*W
  int first_channels = 0, second_channels = 0;
};

// y [rows,A+B] from a [rows,A] and b [rows,B].
template <class T>
void concat_channels(const Stream& stream, T* y, const T* a, const T* b, ConcatShape shape,
                     LaunchOptions launch_options = {});

// The reverse: a [rows,A] and b [rows,B] from y [rows,A+B]. Null: not wanted.
template <class T>
void split_channels(const Stream& stream, T* a, T* b, const T* y, ConcatShape shape, LaunchOptions launch_options = {});

}  // namespace posecu
