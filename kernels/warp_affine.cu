// Affine warp of 8-bit pictures, exactly OpenCV's warpAffine (bilinear, constant border 0), and their normalisation.
//
//   X = (columns[j].x + rows[i].x) >> 5, Y likewise     places in 1/32 pixel: (x0,y0) = X >> 5, Y >> 5, f = X & 31, g =
//   Y & 31 warp        y[i,j,c] = (sum of x[y0+p,x0+q,c] * (p ? g : 32-g) * (q ? f : 32-f) over p,q in {0,1}  + 512) >>
//   10
//               a neighbour outside of x counts as 0
//   normalise   y[i,j,c] = table[x[i, j or width-1-j, c]][c]
//
//   shapes  x [source_height,source_width,C] u8, y [height,width,C] u8, C = 1 or 3; columns [width], rows [height]
//   bytes   warp C read (each source byte about once, through the cache) and C written a pixel; normalise 3 and 12
//   launch  one block per kRows rows of y; neighbouring threads take neighbouring pixels of a row, whose sources are
//           neighbours too unless the picture is turned by a right angle. No sums, no barriers.
#include "kernels/runtime/kernel.h"
#include "kernels/warp_affine.h"

namespace posecu {
namespace {

constexpr int kRows = 8;

// 32 * a + f * (b - a) is a * (32 - f) + b * f with one product.
__device__ __forceinline__ int mix(int a, int b, int f) { return 32 * a + f * (b - a); }

// Where all four neighbours of a place are pixels.
template <int C>
__device__ __forceinline__ void interpolate_inside(std::uint8_t* __restrict__ y, const std::uint8_t* __restrict__ above,
                                                   const std::uint8_t* __restrict__ below, int f, int g) {
  int value[C];
  for (int c = 0; c < C; ++c)
    value[c] = (mix(mix(above[c], above[C + c], f), mix(below[c], below[C + c], f), g) + 512) >> 10;
  for (int c = 0; c < C; ++c) y[c] = static_cast<std::uint8_t>(value[c]);
}

template <int C>
__device__ __forceinline__ void interpolate_at_border(std::uint8_t* y, const std::uint8_t* x, int x0, int y0, int f,
                                                      int g, WarpShape shape) {
  int sums[C] = {};
  for (int p = 0; p < 2; ++p)
    for (int q = 0; q < 2; ++q) {
      if (x0 + q < 0 || x0 + q >= shape.source_width || y0 + p < 0 || y0 + p >= shape.source_height) continue;
      const std::size_t pixel = static_cast<std::size_t>(y0 + p) * static_cast<std::size_t>(shape.source_width) +
                                static_cast<std::size_t>(x0 + q);
      const int weight = (p != 0 ? g : 32 - g) * (q != 0 ? f : 32 - f);
      for (int c = 0; c < C; ++c) sums[c] += x[C * pixel + static_cast<std::size_t>(c)] * weight;
    }
  for (int c = 0; c < C; ++c) y[c] = static_cast<std::uint8_t>((sums[c] + 512) >> 10);
}

template <int C>
__global__ void warp(std::uint8_t* __restrict__ y, const std::uint8_t* __restrict__ x,
                     const FixedPoint* __restrict__ columns, const FixedPoint* __restrict__ rows, WarpShape shape) {
  const int first = static_cast<int>(blockIdx.x) * kRows, last = min(first + kRows, shape.height);
  const int width = shape.width, step = static_cast<int>(blockDim.x), row_bytes = C * shape.source_width;
  const auto last_x = static_cast<unsigned>(max(shape.source_width - 1, 0));
  const auto last_y = static_cast<unsigned>(max(shape.source_height - 1, 0));
  for (int i = first; i < last; ++i) {
    const FixedPoint row = rows[i];
    std::uint8_t* out = y + std::size_t{C} * static_cast<std::size_t>(i) * static_cast<std::size_t>(width);
    for (int j = static_cast<int>(threadIdx.x); j < width; j += step) {
      const int px = (row.x + columns[j].x) >> 5, py = (row.y + columns[j].y) >> 5;
      const int x0 = px >> 5, y0 = py >> 5, f = px & 31, g = py & 31;
      if (static_cast<unsigned>(x0) < last_x && static_cast<unsigned>(y0) < last_y) {
        const std::uint8_t* above =
            x + static_cast<std::size_t>(y0) * static_cast<std::size_t>(row_bytes) + static_cast<std::size_t>(C * x0);
        interpolate_inside<C>(out + C * j, above, above + row_bytes, f, g);
      } else {
        interpolate_at_border<C>(out + C * j, x, x0, y0, f, g, shape);
      }
    }
  }
}

__global__ void look_up(float* __restrict__ y, const std::uint8_t* __restrict__ x, const float* __restrict__ table,
                        int width, int height, Mirror mirror) {
  const int first = static_cast<int>(blockIdx.x) * kRows, last = min(first + kRows, height);
  for (int i = first; i < last; ++i) {
    const std::size_t row = 3 * static_cast<std::size_t>(i) * static_cast<std::size_t>(width);
    for (int j = static_cast<int>(threadIdx.x); j < width; j += static_cast<int>(blockDim.x)) {
      const std::uint8_t* from = x + row + 3 * static_cast<std::size_t>(mirror == Mirror::yes ? width - 1 - j : j);
      float* to = y + row + 3 * static_cast<std::size_t>(j);
      for (int c = 0; c < 3; ++c) to[c] = table[3 * from[c] + c];
    }
  }
}

}  // namespace

void warp_affine(const Stream& stream, std::uint8_t* y, const std::uint8_t* x, const FixedPoint* columns,
                 const FixedPoint* rows, WarpShape shape, LaunchOptions launch_options) {
  require(shape.channels == 1 || shape.channels == 3, "a warped picture has 1 or 3 channels");
  const auto blocks = static_cast<unsigned>(pieces(shape.height, kRows));
  const auto threads = static_cast<unsigned>(launch_options.threads);
  launch(shape.channels == 1 ? warp<1> : warp<3>, blocks, threads, stream, y, x, columns, rows, shape);
}

void normalise(const Stream& stream, float* y, const std::uint8_t* x, const float* table, int width, int height,
               Mirror mirror, LaunchOptions launch_options) {
  launch(look_up, static_cast<unsigned>(pieces(height, kRows)), static_cast<unsigned>(launch_options.threads), stream,
         y, x, table, width, height, mirror);
}

}  // namespace posecu
