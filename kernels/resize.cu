// Bilinear resize, the corners' pixels not aligned (PyTorch: mode="bilinear", align_corners=False).
//
//   forward    output pixel p of a row of m lies at s = max((p + 0.5) * n / m - 0.5, 0) of the input's n pixels:
//              between i = floor(s) and j = min(i + 1, n - 1), with weights 1 - (s - i) and s - i; likewise rows.
//              y[p,q] = wi * (vi * x[i,i'] + vj * x[i,j']) + wj * (vi * x[j,i'] + vj * x[j,j'])
//   backward   dx[i,i'] = sum of weight * dy over the output pixels that read it
//
//   shapes  x [N,h,w,C]  y [N,H,W,C], larger or smaller  T float, bfloat16 or float16, math float
//   bytes   one read of the smaller, one write of the larger (forward, enlarging); neighbours come from cache
//   launch  one block a row of what is written; threadIdx.x steps over channels, threadIdx.y over pixels: coalesced.
//           Backward: the thread that owns dx[i,i'] adds up its readers, a range of rows and columns, in their order.
#include "kernels/resize.h"
#include "kernels/runtime/kernel.h"

namespace posecu {
namespace {

// Where one output pixel reads along one axis.
struct Tap {
  int low, high;
  float low_weight, high_weight;
};
__device__ __forceinline__ Tap tap(int output, int inputs, float inputs_per_output) {
  const float place = max((static_cast<float>(output) + 0.5f) * inputs_per_output - 0.5f, 0.f);
  const int low = min(static_cast<int>(place), inputs - 1);
  const float high_weight = place - static_cast<float>(low);
  return {low, min(low + 1, inputs - 1), 1.f - high_weight, high_weight};
}

// The output pixels that may read input pixel `input`: [begin, end). Some at its ends may not.
struct Readers {
  int begin, end;
};
__device__ __forceinline__ Readers readers(int input, int inputs, int outputs) {
  const float step = static_cast<float>(outputs) / static_cast<float>(inputs);
  const int begin = static_cast<int>((static_cast<float>(input) - 0.5f) * step) - 1;
  const int end = static_cast<int>((static_cast<float>(input) + 1.5f) * step) + 2;
  return {max(begin, 0), min(end, outputs)};
}
__device__ __forceinline__ float weight_of(const Tap& tap, int input) {
  return (tap.low == input ? tap.low_weight : 0.f) + (tap.high == input ? tap.high_weight : 0.f);
}

template <class T, int N>
__global__ void resize_rows(T* __restrict__ y, const T* __restrict__ x, ResizeShape shape) {
  const int width = shape.width, channels = shape.channels;
  const int row = static_cast<int>(blockIdx.x) % shape.to_height,
            picture = static_cast<int>(blockIdx.x) / shape.to_height;
  const float step = static_cast<float>(width) / static_cast<float>(shape.to_width);
  const Tap v = tap(row, shape.height, static_cast<float>(shape.height) / static_cast<float>(shape.to_height));
  const T* const low = x + static_cast<std::size_t>(picture * shape.height + v.low) * width * channels;
  const T* const high = x + static_cast<std::size_t>(picture * shape.height + v.high) * width * channels;
  T* const target = y + static_cast<std::size_t>(blockIdx.x) * shape.to_width * channels;
  for (int column = static_cast<int>(threadIdx.y); column < shape.to_width; column += static_cast<int>(blockDim.y)) {
    const Tap h = tap(column, width, step);
    for (int c = static_cast<int>(threadIdx.x) * N; c < channels; c += static_cast<int>(blockDim.x) * N) {
      const int left = h.low * channels + c, right = h.high * channels + c;
      const Vec<N> above = fma(Vec<N>(h.low_weight), load<N>(low + left), Vec<N>(h.high_weight) * load<N>(low + right));
      const Vec<N> below =
          fma(Vec<N>(h.low_weight), load<N>(high + left), Vec<N>(h.high_weight) * load<N>(high + right));
      store(target + column * channels + c, fma(Vec<N>(v.low_weight), above, Vec<N>(v.high_weight) * below));
    }
  }
}

template <class T, int N>
__global__ void resize_gradient(T* __restrict__ dx, const T* __restrict__ dy, ResizeShape shape) {
  const int width = shape.width, channels = shape.channels;
  const int row = static_cast<int>(blockIdx.x) % shape.height, picture = static_cast<int>(blockIdx.x) / shape.height;
  const float step_x = static_cast<float>(width) / static_cast<float>(shape.to_width);
  const float step_y = static_cast<float>(shape.height) / static_cast<float>(shape.to_height);
  const Readers rows = readers(row, shape.height, shape.to_height);
  for (int column = static_cast<int>(threadIdx.y); column < width; column += static_cast<int>(blockDim.y)) {
    const Readers columns = readers(column, width, shape.to_width);
    for (int c = static_cast<int>(threadIdx.x) * N; c < channels; c += static_cast<int>(blockDim.x) * N) {
      Vec<N> sum = 0.f;
      for (int i = rows.begin; i < rows.end; ++i) {
        const float v = weight_of(tap(i, shape.height, step_y), row);
        if (v == 0.f) continue;
        const T* const source =
            dy + static_cast<std::size_t>(picture * shape.to_height + i) * shape.to_width * channels;
        for (int j = columns.begin; j < columns.end; ++j) {
          const float h = weight_of(tap(j, width, step_x), column);
          if (h != 0.f) sum = fma(Vec<N>(v * h), load<N>(source + j * channels + c), sum);
        }
      }
      store(dx + (static_cast<std::size_t>(blockIdx.x) * width + column) * channels + c, sum);
    }
  }
}

}  // namespace

template <class T>
void resize_bilinear_forward(const Stream& stream, T* y, const T* x, const ResizeShape& shape,
                             LaunchOptions launch_options) {
  const bool vectors = fits_vectors<T>(shape.channels, y, x);
  launch(vectors ? resize_rows<T, kLanes<T>> : resize_rows<T, 1>,
         static_cast<unsigned>(shape.pictures * shape.to_height),
         channel_block(vectors ? shape.channels / kLanes<T> : shape.channels, launch_options), stream, y, x, shape);
}

template <class T>
void resize_bilinear_backward(const Stream& stream, T* dx, const T* dy, const ResizeShape& shape,
                              LaunchOptions launch_options) {
  const bool vectors = fits_vectors<T>(shape.channels, dx, dy);
  launch(vectors ? resize_gradient<T, kLanes<T>> : resize_gradient<T, 1>,
         static_cast<unsigned>(shape.pictures * shape.height),
         channel_block(vectors ? shape.channels / kLanes<T> : shape.channels, launch_options), stream, dx, dy, shape);
}

template void resize_bilinear_forward<float>(const Stream&, float*, const float*, const ResizeShape&, LaunchOptions);
template void resize_bilinear_forward<bfloat16>(const Stream&, bfloat16*, const bfloat16*, const ResizeShape&,
                                                LaunchOptions);
template void resize_bilinear_forward<float16>(const Stream&, float16*, const float16*, const ResizeShape&,
                                               LaunchOptions);
template void resize_bilinear_backward<float>(const Stream&, float*, const float*, const ResizeShape&, LaunchOptions);
template void resize_bilinear_backward<bfloat16>(const Stream&, bfloat16*, const bfloat16*, const ResizeShape&,
                                                 LaunchOptions);
template void resize_bilinear_backward<float16>(const Stream&, float16*, const float16*, const ResizeShape&,
                                                LaunchOptions);

}  // namespace posecu
