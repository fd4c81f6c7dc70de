// Affine warps of 8-bit pictures, exactly OpenCV's warpAffine (bilinear, constant border 0), mirrored and normalised on
// the way.
//
//   X = (columns[j].x + rows[i].x) >> 5, Y likewise     places in 1/32 pixel
//   x0 = X >> 5, f = X & 31                             y0 = Y >> 5, g = Y & 31
//   warp        v[i,j,c] = (sum of x[y0+p,x0+q,c] * (p ? g : 32-g) * (q ? f : 32-f) over p,q in {0,1}  + 512) >> 10
//               a neighbour outside of x counts as 0
//   bytes y = v      normalised y = table[v][c]      masks y = v >= 128, for x of 0 and 255 kept as bits
//
//   shapes  sources [source_height,source_width,3] u8 or bits, each of its own size; y [N,height,width,3] or
//           [N,height,width]; columns [width], rows [height] of each picture
//   bytes   3 read (each source byte about once, through the cache) and 3 or 12 written a pixel; masks 1/8 and 1
//   launch  one block per kRows rows of a picture; neighbouring threads take neighbouring pixels of a row, whose
//           sources are neighbours too unless the picture is turned by a right angle. No sums, no barriers.
#include "kernels/runtime/kernel.h"
#include "kernels/warp_affine.h"

namespace posecu {
namespace {

constexpr int kRows = 8;

// Where a pixel comes from: between (x0,y0) and (x0+1,y0+1), f and g of 32 away from the first.
struct Source {
  int x0, y0, f, g;
};
__device__ __forceinline__ Source source_of(FixedPoint row, FixedPoint column) {
  const int x = (row.x + column.x) >> 5, y = (row.y + column.y) >> 5;
  return {x >> 5, y >> 5, x & 31, y & 31};
}

// Are all four neighbours pixels?
__device__ __forceinline__ bool inside(const Source& at, const WarpTask& task) {
  return static_cast<unsigned>(at.x0) < static_cast<unsigned>(max(task.source_width - 1, 0)) &&
         static_cast<unsigned>(at.y0) < static_cast<unsigned>(max(task.source_height - 1, 0));
}

// Calls visit(x, y, weight) for the neighbours that are pixels.
template <class Visit>
__device__ __forceinline__ void each_neighbour(const Source& at, const WarpTask& task, Visit visit) {
  for (int p = 0; p < 2; ++p)
    for (int q = 0; q < 2; ++q) {
      const int x = at.x0 + q, y = at.y0 + p;
      if (x < 0 || x >= task.source_width || y < 0 || y >= task.source_height) continue;
      visit(x, y, (p != 0 ? at.g : 32 - at.g) * (q != 0 ? at.f : 32 - at.f));
    }
}

struct Rgb {
  int value[3];
};

// 32 * a + f * (b - a) is a * (32 - f) + b * f with one product.
__device__ __forceinline__ int mix(int a, int b, int f) { return 32 * a + f * (b - a); }

// How pictures are warped: where all four neighbours are pixels, and anywhere.
struct Colours {
  __device__ __forceinline__ Rgb inside(const Source& at, const WarpTask& task) const {
    const auto row_bytes = 3 * static_cast<std::size_t>(task.source_width);
    const std::uint8_t* above =
        task.source + static_cast<std::size_t>(at.y0) * row_bytes + 3 * static_cast<std::size_t>(at.x0);
    const std::uint8_t* below = above + row_bytes;
    Rgb result;
    for (int c = 0; c < 3; ++c)
      result.value[c] = (mix(mix(above[c], above[3 + c], at.f), mix(below[c], below[3 + c], at.f), at.g) + 512) >> 10;
    return result;
  }
  __device__ __forceinline__ Rgb anywhere(const Source& at, const WarpTask& task) const {
    const auto row_bytes = 3 * static_cast<std::size_t>(task.source_width);
    int sums[3] = {};
    each_neighbour(at, task, [&](int x, int y, int weight) {
      const std::uint8_t* pixel =
          task.source + static_cast<std::size_t>(y) * row_bytes + 3 * static_cast<std::size_t>(x);
      for (int c = 0; c < 3; ++c) sums[c] += pixel[c] * weight;
    });
    return {{(sums[0] + 512) >> 10, (sums[1] + 512) >> 10, (sums[2] + 512) >> 10}};
  }
};

__device__ __forceinline__ int bit_of(const std::uint8_t* row, int x) { return row[x / 8] >> (x % 8) & 1; }

// How masks are. `weights` is the sum of those of neighbours that are 255.
struct Masks {
  static __device__ __forceinline__ bool counts(int weights) { return (255 * weights + 512) >> 10 >= 128; }
  __device__ __forceinline__ bool inside(const Source& at, const WarpTask& task) const {
    if (task.source == nullptr) return true;
    const std::size_t row_bytes = (static_cast<std::size_t>(task.source_width) + 7) / 8;
    const std::uint8_t* above = task.source + static_cast<std::size_t>(at.y0) * row_bytes;
    const std::uint8_t* below = above + row_bytes;
    return counts(mix(mix(bit_of(above, at.x0), bit_of(above, at.x0 + 1), at.f),
                      mix(bit_of(below, at.x0), bit_of(below, at.x0 + 1), at.f), at.g));
  }
  __device__ __forceinline__ bool anywhere(const Source& at, const WarpTask& task) const {
    const std::size_t row_bytes = (static_cast<std::size_t>(task.source_width) + 7) / 8;
    int weights = 0;
    each_neighbour(at, task, [&](int x, int y, int weight) {
      const bool set = task.source == nullptr || bit_of(task.source + static_cast<std::size_t>(y) * row_bytes, x) != 0;
      weights += set ? weight : 0;
    });
    return counts(weights);
  }
};

// How a pixel of the target is written.
struct ToBytes {
  static constexpr int kChannels = 3;
  std::uint8_t* y;
  __device__ __forceinline__ void put(std::uint8_t* out, const Rgb& rgb) const {
    for (int c = 0; c < 3; ++c) out[c] = static_cast<std::uint8_t>(rgb.value[c]);
  }
};

struct ToTable {
  static constexpr int kChannels = 3;
  float* y;
  const float* table;
  __device__ __forceinline__ void put(float* out, const Rgb& rgb) const {
    for (int c = 0; c < 3; ++c) out[c] = table[3 * rgb.value[c] + c];
  }
};

struct ToMask {
  static constexpr int kChannels = 1;
  std::uint8_t* y;
  __device__ __forceinline__ void put(std::uint8_t* out, bool counts) const { *out = counts ? 1 : 0; }
};

// Places run along a line: those with four neighbours in the picture stand side by side, between two borders.
template <class How, class To>
__global__ void warp(How how, To to, const WarpTask* __restrict__ tasks, WarpShape shape) {
  const WarpTask task = tasks[blockIdx.y];
  const int first = static_cast<int>(blockIdx.x) * kRows, last = min(first + kRows, shape.height);
  const int width = shape.width, step = static_cast<int>(blockDim.x);
  const FixedPoint* columns = task.mirror == Mirror::yes ? task.columns + width - 1 : task.columns;
  const int direction = task.mirror == Mirror::yes ? -1 : 1;
  for (int i = first; i < last; ++i) {
    const std::size_t line = blockIdx.y * static_cast<std::size_t>(shape.height) + static_cast<std::size_t>(i);
    auto* const out = to.y + line * static_cast<std::size_t>(width * To::kChannels);
    const FixedPoint row = task.rows[i];
    int j = static_cast<int>(threadIdx.x);
    Source at{};
    const auto go = [&] {
      if (j < width) at = source_of(row, columns[direction * j]);
      return j < width;
    };
    for (; go() && !inside(at, task); j += step) to.put(out + To::kChannels * j, how.anywhere(at, task));
    for (; go() && inside(at, task); j += step) to.put(out + To::kChannels * j, how.inside(at, task));
    for (; go(); j += step) to.put(out + To::kChannels * j, how.anywhere(at, task));
  }
}

template <class How, class To>
void run(How how, const To& to, const Stream& stream, const WarpTask* tasks, WarpShape shape, LaunchOptions options) {
  const dim3 grid(static_cast<unsigned>(pieces(shape.height, kRows)), static_cast<unsigned>(shape.pictures));
  launch(warp<How, To>, grid, flat_block(options), stream, how, to, tasks, shape);
}

}  // namespace

void warp_bytes(const Stream& stream, std::uint8_t* y, const WarpTask* tasks, WarpShape shape,
                LaunchOptions launch_options) {
  run(Colours{}, ToBytes{y}, stream, tasks, shape, launch_options);
}

void warp_normalised(const Stream& stream, float* y, const WarpTask* tasks, const float* table, WarpShape shape,
                     LaunchOptions launch_options) {
  run(Colours{}, ToTable{y, table}, stream, tasks, shape, launch_options);
}

void warp_masks(const Stream& stream, std::uint8_t* y, const WarpTask* tasks, WarpShape shape,
                LaunchOptions launch_options) {
  run(Masks{}, ToMask{y}, stream, tasks, shape, launch_options);
}

}  // namespace posecu
