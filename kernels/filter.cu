// Filters from the parameters' layout to the one that convolutions on the GPU read, and their gradients back.
//
//   pack         packed[o,t,i] = scale[o] * weight[o,i,t]
//   accumulate   dweight[o,i,t] += packed[o,t,i]
//
//   shapes  weight, dweight [out,in,taps] float   packed [out,taps,in] T   scale [out] float
//   bytes   4 + sizeof(T), and 8 + sizeof(T), a weight: limited by memory
//   launch  a block owns kChannels input channels of one filter. Neighbouring threads write neighbouring places; what
//           they read lies `taps` or `in` apart, but the block reads all of it, so that the cache holds it (at most
//           9 KB).
#include "kernels/filter.h"
#include "kernels/runtime/kernel.h"

namespace posecu {
namespace {

constexpr int kChannels = 128;

// A block's part of a filter: `channels` input channels from `first` on, of output channel `out`.
struct Part {
  int out, first, channels;
};
__device__ __forceinline__ Part part_of_block(FilterShape shape) {
  const int parts = pieces(shape.in, kChannels), block = static_cast<int>(blockIdx.x);
  const int first = block % parts * kChannels;
  return {block / parts, first, min(kChannels, shape.in - first)};
}

template <class T>
__global__ void pack(T* __restrict__ packed, const float* __restrict__ weight, const float* __restrict__ scale,
                     FilterShape shape) {
  const auto [out, first, channels] = part_of_block(shape);
  const std::size_t filter = static_cast<std::size_t>(out) * shape.in * shape.taps;
  const float factor = scale != nullptr ? scale[out] : 1.f;
  for (int k = static_cast<int>(threadIdx.x); k < channels * shape.taps; k += static_cast<int>(blockDim.x)) {
    const int tap = k / channels, i = first + k % channels;
    packed[filter + static_cast<std::size_t>(tap) * shape.in + i] =
        from_float<T>(factor * weight[filter + static_cast<std::size_t>(i) * shape.taps + tap]);
  }
}

template <class T>
__global__ void accumulate_packed(float* __restrict__ dweight, const T* __restrict__ packed, FilterShape shape) {
  const auto [out, first, channels] = part_of_block(shape);
  const std::size_t filter = static_cast<std::size_t>(out) * shape.in * shape.taps;
  for (int k = static_cast<int>(threadIdx.x); k < channels * shape.taps; k += static_cast<int>(blockDim.x)) {
    const int i = first + k / shape.taps, tap = k % shape.taps;
    dweight[filter + static_cast<std::size_t>(i) * shape.taps + tap] +=
        to_float(packed[filter + static_cast<std::size_t>(tap) * shape.in + i]);
  }
}

unsigned blocks(FilterShape shape) { return static_cast<unsigned>(shape.out * pieces(shape.in, kChannels)); }

}  // namespace

template <class T>
void pack_filter(const Stream& stream, T* packed, const float* weight, const float* scale, FilterShape shape,
                 LaunchOptions launch_options) {
  launch(pack<T>, blocks(shape), flat_block(launch_options), stream, packed, weight, scale, shape);
}

template <class T>
void accumulate_filter_gradient(const Stream& stream, float* dweight, const T* packed, FilterShape shape,
                                LaunchOptions launch_options) {
  launch(accumulate_packed<T>, blocks(shape), flat_block(launch_options), stream, dweight, packed, shape);
}

template void pack_filter<float>(const Stream&, float*, const float*, const float*, FilterShape, LaunchOptions);
template void pack_filter<bfloat16>(const Stream&, bfloat16*, const float*, const float*, FilterShape, LaunchOptions);
template void pack_filter<float16>(const Stream&, float16*, const float*, const float*, FilterShape, LaunchOptions);
template void accumulate_filter_gradient<float>(const Stream&, float*, const float*, FilterShape, LaunchOptions);
template void accumulate_filter_gradient<bfloat16>(const Stream&, float*, const bfloat16*, FilterShape, LaunchOptions);
template void accumulate_filter_gradient<float16>(const Stream&, float*, const float16*, FilterShape, LaunchOptions);

}  // namespace posecu
