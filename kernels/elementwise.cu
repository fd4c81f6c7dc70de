// Sums, scales, ReLU and copies of whole tensors: what is left between layers.
//
//   weighted_sum   y = a * x + b * z, or a * x          relu        y = max(x, 0)
//   copy_columns   a block of columns of a matrix       relu_gradient   dx = dy where y > 0, else 0
//   cast_tile      y = x, of another type
//
//   shapes  n elements in a row; matrices [rows, columns]     T float, bfloat16 or float16, math in float
//   bytes   2 or 3 elements an output element: limited by memory
//   launch  a block owns kTile neighbouring elements (kRows rows), which its threads take Vec by Vec, neighbours next
//           to each other: coalesced. What does not fill a Vec at the end is taken element by element.
#include "kernels/elementwise.h"
#include "kernels/runtime/kernel.h"

namespace posecu {
namespace {

constexpr std::size_t kTile = 8192;
constexpr int kRows = 128;

// Calls f(element, Vec's width as a type) for the elements of this block's tile.
template <int N>
struct Width {
  static constexpr int kLanes = N;
};
template <int N, class F>
__device__ __forceinline__ void for_tile(std::size_t n, F f) {
  const std::size_t begin = blockIdx.x * kTile, end = min(begin + kTile, n);
  const std::size_t whole = end - end % N;  // kTile is a multiple of N: only the last tile has a rest
  for (std::size_t i = begin + threadIdx.x * std::size_t{N}; i < whole; i += blockDim.x * std::size_t{N})
    f(i, Width<N>{});
  for (std::size_t i = whole + threadIdx.x; i < end; i += blockDim.x) f(i, Width<1>{});
}

enum class Terms { one, two };

template <class T, int N, Terms kTerms>
__global__ void weighted_sum(T* y, float a, const T* x, float b, const T* z, std::size_t n) {
  for_tile<N>(n, [=](std::size_t i, auto width) {
    constexpr int kLanes = decltype(width)::kLanes;
    Vec<kLanes> value = Vec<kLanes>(a) * load<kLanes>(x + i);
    if constexpr (kTerms == Terms::two) value = fma(Vec<kLanes>(b), load<kLanes>(z + i), value);
    store(y + i, value);
  });
}

template <class T, int N>
__global__ void relu_tile(T* y, const T* x, std::size_t n) {
  for_tile<N>(n, [=](std::size_t i, auto width) { store(y + i, relu(load<decltype(width)::kLanes>(x + i))); });
}

template <class T, int N>
__global__ void relu_gradient_tile(T* dx, const T* dy, const T* y, std::size_t n) {
  for_tile<N>(n, [=](std::size_t i, auto width) {
    constexpr int kLanes = decltype(width)::kLanes;
    store(dx + i, relu_gradient(load<kLanes>(dy + i), load<kLanes>(y + i)));
  });
}

template <class To, class From, int N>
__global__ void cast_tile(To* __restrict__ y, const From* __restrict__ x, std::size_t n) {
  for_tile<N>(n, [=](std::size_t i, auto width) { store(y + i, load<decltype(width)::kLanes>(x + i)); });
}

struct Columns {
  int rows, columns;   // of what is copied
  int to, to_columns;  // first column and row length of the target
  int from, from_columns;
};

template <class T, int N>
__global__ void copy_columns(T* __restrict__ y, const T* __restrict__ x, Columns shape) {
  const auto [rows, columns, to, to_columns, from, from_columns] = shape;
  const int begin = static_cast<int>(blockIdx.x) * kRows, end = min(begin + kRows, rows);
  for (int row = begin + static_cast<int>(threadIdx.y); row < end; row += static_cast<int>(blockDim.y)) {
    const T* source = x + static_cast<std::size_t>(row) * from_columns + from;
    T* target = y + static_cast<std::size_t>(row) * to_columns + to;
    for (int c = static_cast<int>(threadIdx.x) * N; c < columns; c += static_cast<int>(blockDim.x) * N)
      store(target + c, load<N>(source + c));
  }
}

template <class T>
void copy(const Stream& stream, T* y, const T* x, const Columns& shape, LaunchOptions launch_options) {
  const bool vectors = fits_vectors<T>(shape.columns, y, x) && fits_vectors<T>(shape.to) &&
                       fits_vectors<T>(shape.to_columns) && fits_vectors<T>(shape.from) &&
                       fits_vectors<T>(shape.from_columns);
  const int lanes = vectors ? kLanes<T> : 1;
  launch(vectors ? copy_columns<T, kLanes<T>> : copy_columns<T, 1>, pieces(shape.rows, kRows),
         channel_block(shape.columns / lanes, launch_options), stream, y, x, shape);
}

}  // namespace

template <class T>
void axpby(const Stream& stream, T* y, float a, const T* x, float b, const T* z, std::size_t n,
           LaunchOptions launch_options) {
  const auto kernel =
      fits_vectors<T>(0, y, x, z) ? weighted_sum<T, kLanes<T>, Terms::two> : weighted_sum<T, 1, Terms::two>;
  launch(kernel, pieces(n, kTile), flat_block(launch_options), stream, y, a, x, b, z, n);
}

template <class T>
void scale(const Stream& stream, T* y, const T* x, float factor, std::size_t n, LaunchOptions launch_options) {
  const auto kernel =
      fits_vectors<T>(0, y, x) ? weighted_sum<T, kLanes<T>, Terms::one> : weighted_sum<T, 1, Terms::one>;
  launch(kernel, pieces(n, kTile), flat_block(launch_options), stream, y, factor, x, 0.f,
         static_cast<const T*>(nullptr), n);
}

template <class T>
void add(const Stream& stream, T* y, const T* a, const T* b, std::size_t n, LaunchOptions launch_options) {
  axpby(stream, y, 1.f, a, 1.f, b, n, launch_options);  // products with 1 are exact: one rounding
}

template <class T>
void accumulate(const Stream& stream, T* y, const T* a, std::size_t n, LaunchOptions launch_options) {
  add(stream, y, static_cast<const T*>(y), a, n, launch_options);
}

template <class T>
void relu_forward(const Stream& stream, T* y, const T* x, std::size_t n, LaunchOptions launch_options) {
  launch(fits_vectors<T>(0, y, x) ? relu_tile<T, kLanes<T>> : relu_tile<T, 1>, pieces(n, kTile),
         flat_block(launch_options), stream, y, x, n);
}

template <class T>
void relu_backward(const Stream& stream, T* dx, const T* dy, const T* y, std::size_t n, LaunchOptions launch_options) {
  launch(fits_vectors<T>(0, dx, dy, y) ? relu_gradient_tile<T, kLanes<T>> : relu_gradient_tile<T, 1>, pieces(n, kTile),
         flat_block(launch_options), stream, dx, dy, y, n);
}

template <class To, class From>
void cast(const Stream& stream, To* y, const From* x, std::size_t n, LaunchOptions launch_options) {
  constexpr int kTogether = kLanes<bfloat16>;  // one of the types has 16 bits
  launch(fits_vectors<To>(0, y) && fits_vectors<From>(0, x) ? cast_tile<To, From, kTogether> : cast_tile<To, From, 1>,
         pieces(n, kTile), flat_block(launch_options), stream, y, x, n);
}

template <class T>
void concat_channels(const Stream& stream, T* y, const T* a, const T* b, ConcatShape shape,
                     LaunchOptions launch_options) {
  const auto [rows, first, second] = shape;
  copy(stream, y, a, {rows, first, 0, first + second, 0, first}, launch_options);
  copy(stream, y, b, {rows, second, first, first + second, 0, second}, launch_options);
}

template <class T>
void split_channels(const Stream& stream, T* a, T* b, const T* y, ConcatShape shape, LaunchOptions launch_options) {
  const auto [rows, first, second] = shape;
  if (a != nullptr) copy(stream, a, y, {rows, first, 0, first, 0, first + second}, launch_options);
  if (b != nullptr) copy(stream, b, y, {rows, second, 0, second, first, first + second}, launch_options);
}

template void add<float>(const Stream&, float*, const float*, const float*, std::size_t, LaunchOptions);
template void accumulate<float>(const Stream&, float*, const float*, std::size_t, LaunchOptions);
template void scale<float>(const Stream&, float*, const float*, float, std::size_t, LaunchOptions);
template void axpby<float>(const Stream&, float*, float, const float*, float, const float*, std::size_t, LaunchOptions);
template void relu_forward<float>(const Stream&, float*, const float*, std::size_t, LaunchOptions);
template void relu_backward<float>(const Stream&, float*, const float*, const float*, std::size_t, LaunchOptions);
template void concat_channels<float>(const Stream&, float*, const float*, const float*, ConcatShape, LaunchOptions);
template void split_channels<float>(const Stream&, float*, float*, const float*, ConcatShape, LaunchOptions);
template void add<bfloat16>(const Stream&, bfloat16*, const bfloat16*, const bfloat16*, std::size_t, LaunchOptions);
template void add<float16>(const Stream&, float16*, const float16*, const float16*, std::size_t, LaunchOptions);
template void accumulate<bfloat16>(const Stream&, bfloat16*, const bfloat16*, std::size_t, LaunchOptions);
template void accumulate<float16>(const Stream&, float16*, const float16*, std::size_t, LaunchOptions);
template void scale<bfloat16>(const Stream&, bfloat16*, const bfloat16*, float, std::size_t, LaunchOptions);
template void scale<float16>(const Stream&, float16*, const float16*, float, std::size_t, LaunchOptions);
template void axpby<bfloat16>(const Stream&, bfloat16*, float, const bfloat16*, float, const bfloat16*, std::size_t,
                              LaunchOptions);
template void axpby<float16>(const Stream&, float16*, float, const float16*, float, const float16*, std::size_t,
                             LaunchOptions);
template void relu_forward<bfloat16>(const Stream&, bfloat16*, const bfloat16*, std::size_t, LaunchOptions);
template void relu_forward<float16>(const Stream&, float16*, const float16*, std::size_t, LaunchOptions);
template void relu_backward<bfloat16>(const Stream&, bfloat16*, const bfloat16*, const bfloat16*, std::size_t,
                                      LaunchOptions);
template void relu_backward<float16>(const Stream&, float16*, const float16*, const float16*, std::size_t,
                                     LaunchOptions);
template void concat_channels<bfloat16>(const Stream&, bfloat16*, const bfloat16*, const bfloat16*, ConcatShape,
                                        LaunchOptions);
template void concat_channels<float16>(const Stream&, float16*, const float16*, const float16*, ConcatShape,
                                       LaunchOptions);
template void split_channels<bfloat16>(const Stream&, bfloat16*, bfloat16*, const bfloat16*, ConcatShape,
                                       LaunchOptions);
template void split_channels<float16>(const Stream&, float16*, float16*, const float16*, ConcatShape, LaunchOptions);

template void cast<bfloat16, float>(const Stream&, bfloat16*, const float*, std::size_t, LaunchOptions);
template void cast<float16, float>(const Stream&, float16*, const float*, std::size_t, LaunchOptions);
template void cast<float, bfloat16>(const Stream&, float*, const bfloat16*, std::size_t, LaunchOptions);
template void cast<float, float16>(const Stream&, float*, const float16*, std::size_t, LaunchOptions);

}  // namespace posecu
