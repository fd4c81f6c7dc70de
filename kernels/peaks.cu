// Peaks of heatmaps: where a value is the largest of the window around it, at base size.
//
//   average_sides   p[k,y,x] = a[0,y,x,k], or (a[0,y,x,k] + a[1,y,w-1-x,flip[k]]) / 2
//   find_peaks      v = average over scales of the resized p;  peak(k,y,x) = v > threshold and v = max of v over the
//                   window x window pixels around (y,x) that lie in the map
//
//   shapes  a [sides,h,w,K]   p [K,h,w]   v [K,H,W], never stored   peaks one bit a pixel of v
//   bytes   average_sides sides+1 floats a cell; find_peaks reads each cell about once: limited by arithmetic
//   launch  average_sides: a block owns 64 cells of a row and all K, neighbouring threads write neighbouring cells.
//           find_peaks: a block owns a tile of 32 x 32 pixels, interpolated in shared memory; only tiles that reach
//           above the threshold are interpolated once more with the window's margin and searched. A word of bits is
//           written by the thread that owns its row: no atomics, the same bits at every block size.
#include "kernels/base_maps.cuh"
#include "kernels/peaks.h"

namespace posecu {
namespace {

constexpr int kCells = 64;

__global__ void average_cells(float* __restrict__ planes, const float* __restrict__ heatmaps, FlipTable flip,
                              HeatmapSides sizes) {
  const auto width = static_cast<std::size_t>(sizes.width), keypoints = static_cast<std::size_t>(sizes.keypoints);
  const std::size_t plane = static_cast<std::size_t>(sizes.height) * width, row = blockIdx.y * width;
  const auto first = static_cast<std::size_t>(blockIdx.x) * kCells;
  const std::size_t count = min(width - first, std::size_t{kCells});
  for (std::size_t i = threadIdx.x; i < keypoints * kCells; i += blockDim.x) {
    const std::size_t k = i / kCells, x = first + i % kCells;
    if (i % kCells >= count) continue;
    float value = heatmaps[(row + x) * keypoints + k];
    if (sizes.sides == 2) value = (value + heatmaps[(plane + row + width - 1 - x) * keypoints + flip.other[k]]) / 2.f;
    planes[k * plane + row + x] = value;
  }
}

// Whether values[y][x] is the largest of its window.
__device__ __forceinline__ bool is_peak(const HeatmapTile& tile, int y, int x, int reach) {
  const float value = tile.values[y][x];
  for (int v = y - reach; v <= y + reach; ++v)
    for (int u = x - reach; u <= x + reach; ++u)
      if (tile.values[v][u] > value) return false;
  return true;
}

// The largest value of the tile, and the first place, row by row, that holds it: y * kMapTile + x. Beyond the map's
// edge stand values of the edge. -1 when there are only NaNs.
__device__ __forceinline__ PlacedValue highest(const HeatmapTile& tile, int height) {
  constexpr int N = kLanes<float>;
  PlacedValue best;
  const int threads = static_cast<int>(blockDim.x * blockDim.y);
  for (int y = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x); y < height; y += threads) {
    Vec<N> values = load<N>(tile.values[y]);
    for (int x = N; x < kMapTile; x += N) values = max(values, load<N>(tile.values[y] + x));
    const PlacedValue row{largest_lane(values), y * kMapTile};
    if (row.value == row.value && better(row, best)) best = row;
  }
  const int row = best.place / kMapTile;
  while (best.place >= 0 && tile.values[row][best.place % kMapTile] != best.value) ++best.place;
  return best_of_block(best);
}

__global__ void search_tile(PeakMaps peaks, BaseHeatmaps maps, PeakOptions options) {
  __shared__ HeatmapTile tile;
  const int tile_x = static_cast<int>(blockIdx.x), tile_y = static_cast<int>(blockIdx.y);
  const int keypoint = static_cast<int>(blockIdx.z), columns = static_cast<int>(gridDim.x);
  const int left = tile_x * kMapTile, top = tile_y * kMapTile, reach = options.window / 2;
  const int width = min(kMapTile, maps.width - left), height = min(kMapTile, maps.height - top);
  const int thread = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x);
  const int threads = static_cast<int>(blockDim.x * blockDim.y);

  fill_tile(tile, maps, keypoint, left, top, 0);
  const PlacedValue best = highest(tile, height);
  if (thread == 0) {
    const int number = (keypoint * static_cast<int>(gridDim.y) + tile_y) * columns + tile_x;
    const int place = max(best.place, 0);
    peaks.tile_values[number] = best.value;
    peaks.tile_places[number] = (top + place / kMapTile) * maps.width + left + place % kMapTile;
  }
  const bool high = best.value > options.threshold;  // the same in all threads
  if (high) fill_tile(tile, maps, keypoint, left, top, reach);
  for (int y = thread; y < height; y += threads) {
    std::uint32_t word = 0;
    for (int x = 0; high && x < width; ++x)
      if (tile.values[y + reach][x + reach] > options.threshold && is_peak(tile, y + reach, x + reach, reach))
        word |= std::uint32_t{1} << x;
    peaks.words[(static_cast<std::size_t>(keypoint) * static_cast<std::size_t>(maps.height) +
                 static_cast<std::size_t>(top + y)) *
                    static_cast<std::size_t>(columns) +
                static_cast<std::size_t>(tile_x)] = word;
  }
}

}  // namespace

void average_sides(const Stream& stream, float* planes, const float* heatmaps, const FlipTable& flip,
                   HeatmapSides sizes, LaunchOptions launch_options) {
  const dim3 grid(static_cast<unsigned>(pieces(sizes.width, kCells)), static_cast<unsigned>(sizes.height));
  launch(average_cells, grid, dim3(static_cast<unsigned>(launch_options.threads)), stream, planes, heatmaps, flip,
         sizes);
}

void find_peaks(const Stream& stream, PeakMaps peaks, const BaseHeatmaps& heatmaps, PeakOptions options,
                LaunchOptions launch_options) {
  require(options.window % 2 == 1 && options.window / 2 <= kMaxReach, "a window of an odd size, at most 15");
  const TileGrid tiles = tile_grid(heatmaps);
  const dim3 grid(static_cast<unsigned>(tiles.columns), static_cast<unsigned>(tiles.rows),
                  static_cast<unsigned>(heatmaps.keypoints));
  launch(search_tile, grid, channel_block(kMapTile, launch_options), stream, peaks, heatmaps, options);
}

}  // namespace posecu
