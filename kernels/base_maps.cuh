// Device functions that read maps at base size (kernels/base_maps.h), for the kernels of decoding.
//
// Interpolation gives the bits that PyTorch's gives on a CPU: source = max((i + 0.5) * in/out - 0.5, 0) in float, then
// first in x and then in y fma(w0, a, w1*b), where w1*b is rounded. Files that include this are compiled without
// contraction, which could fuse the other product, so that a pixel has the same bits wherever it is computed: peaks are
// found by comparing for equality.
#pragma once

#include "kernels/base_maps.h"
#include "kernels/runtime/kernel.h"

namespace posecu {

// The two cells around a base pixel along one axis, and their weights.
struct Taps {
  int first, second;
  float w0, w1;
};

__device__ __forceinline__ Taps taps(int i, int cells, int base) {
  const float ratio = static_cast<float>(cells) / static_cast<float>(base);
  const float source = max((static_cast<float>(i) + 0.5f) * ratio - 0.5f, 0.f);
  const int first = min(static_cast<int>(source), cells - 1);
  const float w1 = min(max(source - static_cast<float>(first), 0.f), 1.f);
  return {first, min(first + 1, cells - 1), 1.f - w1, w1};
}

__device__ __forceinline__ float blend(const Taps& at, float a, float b) { return fmaf(at.w0, a, at.w1 * b); }

template <int N>
__device__ __forceinline__ Vec<N> blend(const Taps& at, Vec<N> a, Vec<N> b) {
  Vec<N> result;
#pragma unroll
  for (int i = 0; i < N; ++i) set_lane(result, i, blend(at, lane(a, i), lane(b, i)));
  return result;
}

// The averaged heatmap at one base pixel.
__device__ __forceinline__ float heatmap_at(const BaseHeatmaps& maps, int keypoint, int x, int y) {
  float total = 0.f;
  for (int s = 0; s < maps.scale_count; ++s) {
    const HeatmapPlanes& plane = maps.scales[s];
    const Taps across = taps(x, plane.width, maps.width), down = taps(y, plane.height, maps.height);
    const std::size_t rows = static_cast<std::size_t>(keypoint) * static_cast<std::size_t>(plane.height);
    const float* top =
        plane.values + (rows + static_cast<std::size_t>(down.first)) * static_cast<std::size_t>(plane.width);
    const float* bottom =
        plane.values + (rows + static_cast<std::size_t>(down.second)) * static_cast<std::size_t>(plane.width);
    total += blend(down, blend(across, top[across.first], top[across.second]),
                   blend(across, bottom[across.first], bottom[across.second]));
  }
  return total / static_cast<float>(maps.scale_count);
}

// Shared memory for one tile of the averaged heatmap, with up to kMaxReach pixels around it.
inline constexpr int kMaxReach = 7;
inline constexpr int kTileSide = kMapTile + 2 * kMaxReach;
inline constexpr int kTileStride = (kTileSide + 7) / 8 * 8;

struct alignas(32) HeatmapTile {
  float rows[2 * kTileSide + 2][kTileStride];  // cells' rows, resized in x only
  float values[kTileSide][kTileStride];
};

// Fills tile.values[y][x] for 0 <= x, y < kMapTile + 2*reach with the heatmap at (left - reach + x, top - reach + y).
// Beyond the map's edge the edge pixels are repeated, which changes no maximum of a window around a pixel of the map.
// Every thread of the block must call it; it ends with a barrier. The bits are heatmap_at's.
__device__ __forceinline__ void fill_tile(HeatmapTile& tile, const BaseHeatmaps& maps, int keypoint, int left, int top,
                                          int reach) {
  constexpr int N = kLanes<float>;
  const int side = kMapTile + 2 * reach, columns = (side + 7) / 8 * 8;
  for (int s = 0; s < maps.scale_count; ++s) {
    const HeatmapPlanes plane = maps.scales[s];
    const int first_y = max(top - reach, 0), last_y = min(top - reach + side - 1, maps.height - 1);
    const int first_row = taps(first_y, plane.height, maps.height).first;
    const int rows = taps(last_y, plane.height, maps.height).second - first_row + 1;
    const float* cells = plane.values + (static_cast<std::size_t>(keypoint) * static_cast<std::size_t>(plane.height) +
                                         static_cast<std::size_t>(first_row)) *
                                            static_cast<std::size_t>(plane.width);
    for (int x = static_cast<int>(threadIdx.x); x < columns; x += static_cast<int>(blockDim.x)) {
      const Taps across = taps(min(max(left - reach + x, 0), maps.width - 1), plane.width, maps.width);
      for (int r = static_cast<int>(threadIdx.y); r < rows; r += static_cast<int>(blockDim.y)) {
        const float* row = cells + static_cast<std::size_t>(r) * static_cast<std::size_t>(plane.width);
        tile.rows[r][x] = blend(across, row[across.first], row[across.second]);
      }
    }
    __syncthreads();
    const bool last = s + 1 == maps.scale_count;
    for (int y = static_cast<int>(threadIdx.y); y < side; y += static_cast<int>(blockDim.y)) {
      const Taps down = taps(min(max(top - reach + y, 0), maps.height - 1), plane.height, maps.height);
      const float* above = tile.rows[down.first - first_row];
      const float* below = tile.rows[down.second - first_row];
      for (int x = static_cast<int>(threadIdx.x) * N; x < columns; x += static_cast<int>(blockDim.x) * N) {
        Vec<N> value = blend(down, load<N>(above + x), load<N>(below + x));
        value = (s == 0 ? Vec<N>(0.f) : load<N>(tile.values[y] + x)) + value;
        store(tile.values[y] + x, last ? value / Vec<N>(static_cast<float>(maps.scale_count)) : value);
      }
    }
    __syncthreads();
  }
}

// The M numbers of one keypoint's channel in a cell of one side.
__device__ __forceinline__ const float* embedding_cell(const BaseEmbeddings& maps, int side, int row, int column,
                                                       int channel) {
  const std::size_t pixel =
      (static_cast<std::size_t>(side) * static_cast<std::size_t>(maps.map_height) + static_cast<std::size_t>(row)) *
          static_cast<std::size_t>(maps.map_width) +
      static_cast<std::size_t>(column);
  return maps.values + (pixel * static_cast<std::size_t>(maps.keypoints) + static_cast<std::size_t>(channel)) *
                           static_cast<std::size_t>(maps.dims);
}

// One side's embedding at a base pixel: its four cells and their weights.
struct EmbeddingTaps {
  const float *a, *b, *c, *d;  // above left, above right, below left, below right
  float wa, wb, wc, wd;
};

__device__ __forceinline__ EmbeddingTaps embedding_taps(const BaseEmbeddings& maps, int keypoint, int x, int y,
                                                        int side) {
  const int channel = side == 0 ? keypoint : maps.flip.other[keypoint];
  const Taps across = taps(side == 0 ? x : maps.width - 1 - x, maps.map_width, maps.width);
  const Taps down = taps(y, maps.map_height, maps.height);
  return {embedding_cell(maps, side, down.first, across.first, channel),
          embedding_cell(maps, side, down.first, across.second, channel),
          embedding_cell(maps, side, down.second, across.first, channel),
          embedding_cell(maps, side, down.second, across.second, channel),
          down.w0 * across.w0,
          down.w0 * across.w1,
          down.w1 * across.w0,
          down.w1 * across.w1};
}

// Elements index .. index+N-1 of its M numbers.
template <int N>
__device__ __forceinline__ Vec<N> embedding_at(const EmbeddingTaps& at, int index) {
  return Vec<N>(at.wa) * load<N>(at.a + index) + Vec<N>(at.wb) * load<N>(at.b + index) +
         Vec<N>(at.wc) * load<N>(at.c + index) + Vec<N>(at.wd) * load<N>(at.d + index);
}

__device__ __forceinline__ bool better(PlacedValue a, PlacedValue b) {
  return a.place >= 0 && (b.place < 0 || a.value > b.value || (a.value == b.value && a.place < b.place));
}

// What the heatmap says at a place.
__device__ __forceinline__ Reading reading_at(const BaseHeatmaps& maps, const Place& at) {
  const auto [k, x, y] = at;
  const bool right = heatmap_at(maps, k, min(x + 1, maps.width - 1), y) > heatmap_at(maps, k, max(x - 1, 0), y);
  const bool down = heatmap_at(maps, k, x, min(y + 1, maps.height - 1)) > heatmap_at(maps, k, x, max(y - 1, 0));
  return {heatmap_at(maps, k, x, y), right ? 0.25f : -0.25f, down ? 0.25f : -0.25f};
}

// The M numbers of one side's embedding at a place.
__device__ __forceinline__ void read_embedding(float* to, const BaseEmbeddings& maps, const Place& at, int side) {
  const EmbeddingTaps from = embedding_taps(maps, at.keypoint, at.x, at.y, side);
  for (int m = 0; m < maps.dims; ++m) to[m] = lane(embedding_at<1>(from, m), 0);
}

// The best of all threads, for all threads.
__device__ __forceinline__ PlacedValue best_of_block(PlacedValue mine) {
  constexpr float kNone = -INFINITY;
  const float value = block_max(mine.place >= 0 ? mine.value : kNone);
  const bool best = mine.place >= 0 && mine.value == value;
  const int place = -block_max(best ? -mine.place : -INT32_MAX);
  return {value, place == INT32_MAX ? -1 : place};
}

// The largest lane.
template <int N>
__device__ __forceinline__ float largest_lane(Vec<N> values) {
  float value = lane(values, 0);
#pragma unroll
  for (int i = 1; i < N; ++i) value = max(value, lane(values, i));
  return value;
}

}  // namespace posecu
