// HRNet's branch fusion: inputs at 1, 1/2, 1/4 or 1/8 of the output's resolution, repeated to it, added and rectified.
//
//   forward    y[n,h,w,c] = max(x_0[n,h/f_0,w/f_0,c] + x_1[n,h/f_1,w/f_1,c] + ..., 0), added in this order
//   backward   dz = dy where y > 0, else 0
//              dx_i[n,p,q,c] = sum of dz over the f_i x f_i pixels of y that x_i[n,p,q,c] was repeated to
//
//   shapes  y [N,H,W,C]  x_i [N,H/f_i,W/f_i,C]  T float, bfloat16 or float16, sums float
//   bytes   per output element: forward 1 + sum of 1/f_i^2, backward 2 + the same: limited by memory
//   launch  forward: one block a row of y; a low-resolution pixel is read f_i^2 times, but from cache.
//           backward: one block a row of F x F tiles, F the largest factor. A thread walks its tile as a tree of 2 x 2
//           pixels and writes each level's sum where an input has that resolution: dy and y are read once, no two
//           threads write one element, no atomics, one fixed order.
//           threadIdx.x steps over channels, threadIdx.y over pixels or tiles: coalesced.
#include "kernels/fuse.h"
#include "kernels/runtime/kernel.h"

namespace posecu {
namespace {

template <class T>
struct Inputs {
  const T* x[kMaxFused];
};

template <class T, int N, int kInputs>
__global__ void fuse_rows(T* __restrict__ y, Inputs<T> inputs, FuseShape shape) {
  const int height = shape.height, width = shape.width, channels = shape.channels;
  const int row = static_cast<int>(blockIdx.x) % height, picture = static_cast<int>(blockIdx.x) / height;
  const T* __restrict__ rows[kInputs];
  int shifts[kInputs];
#pragma unroll
  for (int i = 0; i < kInputs; ++i) {
    const int factor = shape.factors[static_cast<std::size_t>(i)];
    shifts[i] = (factor > 1) + (factor > 2) + (factor > 4);
    rows[i] = inputs.x[i] +
              static_cast<std::size_t>(picture * (height / factor) + row / factor) * (width / factor) * channels;
  }
  for (int column = static_cast<int>(threadIdx.y); column < width; column += static_cast<int>(blockDim.y))
    for (int c = static_cast<int>(threadIdx.x) * N; c < channels; c += static_cast<int>(blockDim.x) * N) {
      Vec<N> sum = load<N>(rows[0] + (column >> shifts[0]) * channels + c);
#pragma unroll
      for (int i = 1; i < kInputs; ++i) sum += load<N>(rows[i] + (column >> shifts[i]) * channels + c);
      store(y + (static_cast<std::size_t>(blockIdx.x) * width + column) * channels + c, relu(sum));
    }
}

// The gradients to write at each resolution: 1, 1/2, 1/4, 1/8.
constexpr int kLevels = 4;
template <class T>
struct Gradients {
  T* dx[kLevels][kMaxFused];
  int count[kLevels];
};

constexpr int level_of(int factor) { return factor == 1 ? 0 : 1 + level_of(factor / 2); }

// The channels that a thread takes at once: one Vec on the GPU. On the CPU up to four, two cache lines: rows of y often
// lie a power of two apart, so that lines of one tile drive each other out of the cache before they are met again.
template <int N>
inline constexpr int kWide = kKept<N> < 4 ? kKept<N> : 4;

// Walks the F x F pixels of y at (row, column) of picture * height rows; returns the sums of dz of kParts Vecs.
template <class T, int N, int kParts>
struct TileWalk {
  struct Sums {
    Vec<N> part[kParts];
  };
  const Gradients<T>& gradients;
  const T *dy, *y;
  int width, channels, channel;

  template <int F>
  __device__ __forceinline__ Sums sum(int row, int column) const {
    Sums result;
    const std::size_t at =
        (static_cast<std::size_t>(row / F) * (width / F) + column / F) * channels + channel;  // at this level
    if constexpr (F == 1) {
      for (int k = 0; k < kParts; ++k)
        result.part[k] = relu_gradient(load<N>(dy + at + k * N), load<N>(y + at + k * N));
    } else {
      for (int k = 0; k < kParts; ++k) result.part[k] = 0.f;
      for (int quarter = 0; quarter < 4; ++quarter) {
        const Sums share = sum<F / 2>(row + quarter / 2 * (F / 2), column + quarter % 2 * (F / 2));
        for (int k = 0; k < kParts; ++k) result.part[k] += share.part[k];
      }
    }
    for (int i = 0; i < gradients.count[level_of(F)]; ++i)
      for (int k = 0; k < kParts; ++k) store(gradients.dx[level_of(F)][i] + at + k * N, result.part[k]);
    return result;
  }
};

template <class T, int N, int F>
__global__ void fuse_gradients(Gradients<T> gradients, const T* dy, const T* y, int width, int channels) {
  constexpr int kTogether = kWide<N> * N;
  const int row = static_cast<int>(blockIdx.x) * F, whole = channels - channels % kTogether;  // rows of all pictures
  for (int tile = static_cast<int>(threadIdx.y); tile < width / F; tile += static_cast<int>(blockDim.y)) {
    for (int c = static_cast<int>(threadIdx.x) * kTogether; c < whole; c += static_cast<int>(blockDim.x) * kTogether)
      TileWalk<T, N, kWide<N>>{gradients, dy, y, width, channels, c}.template sum<F>(row, tile * F);
    if constexpr (kWide < N >> 1)
      for (int c = whole; c < channels; c += N)
        TileWalk<T, N, 1>{gradients, dy, y, width, channels, c}.template sum<F>(row, tile * F);
  }
}

void check_shape(const FuseShape& shape) {
  require(shape.inputs >= 1 && shape.inputs <= kMaxFused, "fuse joins 1 .. 4 inputs");
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.inputs); ++i) {
    const int factor = shape.factors[i];
    require(factor == 1 || factor == 2 || factor == 4 || factor == 8, "fuse enlarges by 1, 2, 4 or 8");
    require(shape.height % factor == 0 && shape.width % factor == 0,
            "fuse needs sizes that are multiples of its factors");
  }
}

template <class T, int N>
void run_forward(const Stream& stream, T* y, const Inputs<T>& inputs, const FuseShape& shape,
                 LaunchOptions launch_options) {
  using Kernel = void (*)(T*, Inputs<T>, FuseShape);
  const Kernel kernels[kMaxFused] = {fuse_rows<T, N, 1>, fuse_rows<T, N, 2>, fuse_rows<T, N, 3>, fuse_rows<T, N, 4>};
  launch(kernels[shape.inputs - 1], static_cast<unsigned>(shape.pictures * shape.height),
         channel_block(shape.channels / N, launch_options), stream, y, inputs, shape);
}

template <class T, int N>
void run_backward(const Stream& stream, const Gradients<T>& gradients, const T* dy, const T* y, const FuseShape& shape,
                  LaunchOptions launch_options) {
  using Kernel = void (*)(Gradients<T>, const T*, const T*, int, int);
  const Kernel kernels[kLevels] = {fuse_gradients<T, N, 1>, fuse_gradients<T, N, 2>, fuse_gradients<T, N, 4>,
                                   fuse_gradients<T, N, 8>};
  int level = kLevels - 1;
  while (level > 0 && gradients.count[level] == 0) --level;
  launch(kernels[level], static_cast<unsigned>(shape.pictures * (shape.height >> level)),
         channel_block(shape.channels / N, launch_options), stream, gradients, dy, y, shape.width, shape.channels);
}

}  // namespace

template <class T>
void fuse_forward(const Stream& stream, T* y, std::array<const T*, kMaxFused> inputs, const FuseShape& shape,
                  LaunchOptions launch_options) {
  check_shape(shape);
  Inputs<T> x{};
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.inputs); ++i) x.x[i] = inputs[i];
  const bool vectors = fits_vectors<T>(shape.channels, y, x.x[0], x.x[1], x.x[2], x.x[3]);
  (vectors ? run_forward<T, kLanes<T>> : run_forward<T, 1>)(stream, y, x, shape, launch_options);
}

template <class T>
void fuse_backward(const Stream& stream, std::array<T*, kMaxFused> gradients, const T* dy, const T* y,
                   const FuseShape& shape, LaunchOptions launch_options) {
  check_shape(shape);
  Gradients<T> by_level{};
  bool vectors = fits_vectors<T>(shape.channels, dy, y);
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.inputs); ++i) {
    if (gradients[i] == nullptr) continue;
    const int level = level_of(shape.factors[i]);
    by_level.dx[level][by_level.count[level]++] = gradients[i];
    vectors = vectors && fits_vectors<T>(shape.channels, gradients[i]);
  }
  (vectors ? run_backward<T, kLanes<T>> : run_backward<T, 1>)(stream, by_level, dy, y, shape, launch_options);
}

template void fuse_forward<float>(const Stream&, float*, std::array<const float*, kMaxFused>, const FuseShape&,
                                  LaunchOptions);
template void fuse_forward<bfloat16>(const Stream&, bfloat16*, std::array<const bfloat16*, kMaxFused>, const FuseShape&,
                                     LaunchOptions);
template void fuse_forward<float16>(const Stream&, float16*, std::array<const float16*, kMaxFused>, const FuseShape&,
                                    LaunchOptions);
template void fuse_backward<float>(const Stream&, std::array<float*, kMaxFused>, const float*, const float*,
                                   const FuseShape&, LaunchOptions);
template void fuse_backward<bfloat16>(const Stream&, std::array<bfloat16*, kMaxFused>, const bfloat16*, const bfloat16*,
                                      const FuseShape&, LaunchOptions);
template void fuse_backward<float16>(const Stream&, std::array<float16*, kMaxFused>, const float16*, const float16*,
                                     const FuseShape&, LaunchOptions);

}  // namespace posecu
