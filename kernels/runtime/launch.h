// Grids and blocks. A grid depends on shapes only, never on the machine, or sums would differ between machines.
#pragma once

#include "kernels/runtime/launch_options.h"
#include "kernels/runtime/vec.h"

namespace posecu {

// How many pieces of `piece` elements cover `count`.
constexpr int pieces(int count, int piece) { return (count + piece - 1) / piece; }
constexpr unsigned pieces(std::size_t count, std::size_t piece) {
  return static_cast<unsigned>((count + piece - 1) / piece);
}

// A block of threads in one row.
inline dim3 flat_block(LaunchOptions options) { return {static_cast<unsigned>(options.threads), 1, 1}; }

// A block for matrices of pixels x channels: threadIdx.x steps over the `vectors` of one pixel (channels / lanes, so
// that neighbouring threads touch neighbouring memory), threadIdx.y over pixels.
inline dim3 channel_block(int vectors, LaunchOptions options) {
  const unsigned x = static_cast<unsigned>(min(max(vectors, 1), options.threads));
  return {x, max(static_cast<unsigned>(options.threads) / x, 1u), 1};
}

// May kernels read rows of `columns` elements at these places by Vec<kLanes<T>>? Else they take Vec<1>.
template <class T, class... P>
bool fits_vectors(int columns, const P*... rows) {
  return columns % kLanes<T> == 0 && (... && (reinterpret_cast<std::uintptr_t>(rows) % 16 == 0));
}

}  // namespace posecu
