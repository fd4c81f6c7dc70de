// Heatmaps and embeddings at single places, and the search for keypoints that grouping did not find.
//
//   search_missing   match = max over the map of v - round(|e - tag|), and its first place in row order
//
//   shapes  v [K,H,W] heatmaps and e [K,H,W,T] embeddings at base size, never stored; tag [T] of one person
//   bytes   few: since round(...) >= 0, a pixel can only match if v is at least the best match so far. A first pass
//           matches the highest pixel of each tile, which gives a bound that most tiles' highest values stay below;
//           the second pass interpolates the other tiles, and embeddings only where v reaches the bound. The result is
//           exact: nothing that could equal the maximum is left out.
//   launch  pass 1: a block for each missing keypoint, its threads over tiles. Pass 2: a block for each tile and
//           keypoint, which serves all people who miss that keypoint. Pass 3 joins the tiles in a fixed order.
#include "kernels/base_maps.cuh"
#include "kernels/tag_search.h"

namespace posecu {
namespace {

constexpr int kPlaces = 64;  // a block's

__global__ void read_heatmap_places(Reading* __restrict__ readings, BaseHeatmaps maps, const Place* __restrict__ places,
                                    int n) {
  const int begin = static_cast<int>(blockIdx.x) * kPlaces, end = min(begin + kPlaces, n);
  for (int i = begin + static_cast<int>(threadIdx.x); i < end; i += static_cast<int>(blockDim.x)) {
    const auto [k, x, y] = places[i];
    const bool right = heatmap_at(maps, k, min(x + 1, maps.width - 1), y) > heatmap_at(maps, k, max(x - 1, 0), y);
    const bool down = heatmap_at(maps, k, x, min(y + 1, maps.height - 1)) > heatmap_at(maps, k, x, max(y - 1, 0));
    readings[i] = {heatmap_at(maps, k, x, y), right ? 0.25f : -0.25f, down ? 0.25f : -0.25f};
  }
}

__global__ void read_embedding_places(float* __restrict__ tags, BaseEmbeddings maps, const Place* __restrict__ places,
                                      int n) {
  const int begin = static_cast<int>(blockIdx.x) * kPlaces, end = min(begin + kPlaces, n);
  for (int i = begin + static_cast<int>(threadIdx.x); i < end; i += static_cast<int>(blockDim.x)) {
    const auto [k, x, y] = places[i];
    for (int side = 0; side < maps.sides; ++side) {
      const EmbeddingTaps at = embedding_taps(maps, k, x, y, side);
      float* to = tags + static_cast<std::size_t>(i * maps.sides + side) * static_cast<std::size_t>(maps.dims);
      for (int m = 0; m < maps.dims; ++m) to[m] = lane(embedding_at<1>(at, m), 0);
    }
  }
}

// |e - tag| at one base pixel. N: lanes that the M numbers of a cell are taken in.
template <int N>
__device__ __forceinline__ float distance(const BaseEmbeddings& maps, int keypoint, int x, int y, const float* tag) {
  Vec<N> squares(0.f);
  for (int side = 0; side < maps.sides; ++side) {
    const EmbeddingTaps at = embedding_taps(maps, keypoint, x, y, side);
    for (int m = 0; m < maps.dims; m += N) {
      const Vec<N> difference = embedding_at<N>(at, m) - load<N>(tag + side * maps.dims + m);
      squares += difference * difference;
    }
  }
  return sqrtf(sum(squares));
}

__device__ __forceinline__ bool better(Match a, Match b) {
  return a.place >= 0 && (b.place < 0 || a.value > b.value || (a.value == b.value && a.place < b.place));
}

// The best match of all threads, for all threads.
__device__ __forceinline__ Match best_of_block(Match mine) {
  constexpr float kNone = -INFINITY;
  const float value = block_max(mine.place >= 0 ? mine.value : kNone);
  const bool best = mine.place >= 0 && mine.value == value;
  const int place = -block_max(best ? -mine.place : -INT32_MAX);
  return {value, place == INT32_MAX ? -1 : place};
}

template <int N>
__global__ void match_tile_tops(float* __restrict__ bounds, BaseHeatmaps maps, BaseEmbeddings embeddings,
                                SearchInput input, int tiles) {
  const Missing missing = input.missing[blockIdx.x];
  const float* tag = input.tags + missing.person * embeddings.tag_size();
  Match best;
  for (int t = static_cast<int>(threadIdx.x); t < tiles; t += static_cast<int>(blockDim.x)) {
    const float top = input.tile_values[missing.keypoint * tiles + t];
    if (best.place >= 0 && !(top > best.value)) continue;
    const int place = input.tile_places[missing.keypoint * tiles + t];
    const float away = distance<N>(embeddings, missing.keypoint, place % maps.width, place / maps.width, tag);
    const Match match{top - rintf(away), place};
    if (match.value == match.value && better(match, best)) best = match;
  }
  best = best_of_block(best);
  if (threadIdx.x == 0) bounds[blockIdx.x] = best.place >= 0 ? best.value : -INFINITY;
}

// The best match of one tile for one missing keypoint; the tile's heatmap stands in shared memory.
template <int N>
__device__ __forceinline__ Match match_tile(const HeatmapTile& tile, const BaseHeatmaps& maps,
                                            const BaseEmbeddings& embeddings, const float* tag, Place corner,
                                            float bound) {
  const int width = min(kMapTile, maps.width - corner.x), height = min(kMapTile, maps.height - corner.y);
  Match best{bound, -1};
  for (int y = static_cast<int>(threadIdx.y); y < height; y += static_cast<int>(blockDim.y))
    for (int x = static_cast<int>(threadIdx.x); x < width; x += static_cast<int>(blockDim.x)) {
      const float value = tile.values[y][x];
      if (!(value >= best.value)) continue;
      const float away = distance<N>(embeddings, corner.keypoint, corner.x + x, corner.y + y, tag);
      const Match match{value - rintf(away), (corner.y + y) * maps.width + corner.x + x};
      if (match.value >= best.value && better(match, best)) best = match;
    }
  return best_of_block(best);
}

template <int N>
__global__ void match_tiles(Match* __restrict__ tile_matches, const float* __restrict__ bounds, BaseHeatmaps maps,
                            BaseEmbeddings embeddings, SearchInput input, int tiles) {
  __shared__ HeatmapTile tile;
  const int number = static_cast<int>(blockIdx.x), keypoint = static_cast<int>(blockIdx.y);
  const int columns = tile_grid(maps).columns;
  const Place corner{keypoint, number % columns * kMapTile, number / columns * kMapTile};
  const float top = input.tile_values[keypoint * tiles + number];
  const bool first_thread = threadIdx.x == 0 && threadIdx.y == 0;
  bool filled = false;
  for (int i = input.first[keypoint]; i < input.first[keypoint + 1]; ++i) {
    Match match;
    if (top >= bounds[i]) {  // the same in all threads
      if (!filled) fill_tile(tile, maps, keypoint, corner.x, corner.y, 0);
      filled = true;
      const float* tag = input.tags + input.missing[i].person * embeddings.tag_size();
      match = match_tile<N>(tile, maps, embeddings, tag, corner, bounds[i]);
    }
    if (first_thread) tile_matches[static_cast<std::size_t>(i) * static_cast<std::size_t>(tiles) + blockIdx.x] = match;
  }
}

__global__ void join_tiles(Match* __restrict__ matches, const Match* __restrict__ tile_matches, int tiles) {
  Match best;
  for (int t = static_cast<int>(threadIdx.x); t < tiles; t += static_cast<int>(blockDim.x)) {
    const Match match = tile_matches[static_cast<std::size_t>(blockIdx.x) * static_cast<std::size_t>(tiles) +
                                     static_cast<std::size_t>(t)];
    if (better(match, best)) best = match;
  }
  best = best_of_block(best);
  if (threadIdx.x == 0) matches[blockIdx.x] = best;
}

template <int N>
void search(const Stream& stream, Match* matches, float* bounds, Match* tile_matches, const BaseHeatmaps& heatmaps,
            const BaseEmbeddings& embeddings, SearchInput input, SearchSizes sizes, LaunchOptions launch_options) {
  const dim3 each(static_cast<unsigned>(sizes.missing)), line(static_cast<unsigned>(launch_options.threads));
  launch(match_tile_tops<N>, each, line, stream, bounds, heatmaps, embeddings, input, sizes.tiles);
  const dim3 tiles(static_cast<unsigned>(sizes.tiles), static_cast<unsigned>(heatmaps.keypoints));
  launch(match_tiles<N>, tiles, channel_block(kMapTile, launch_options), stream, tile_matches, bounds, heatmaps,
         embeddings, input, sizes.tiles);
  launch(join_tiles, each, line, stream, matches, tile_matches, sizes.tiles);
}

}  // namespace

void read_heatmaps(const Stream& stream, Reading* readings, const BaseHeatmaps& heatmaps, const Place* places, int n,
                   LaunchOptions launch_options) {
  if (n == 0) return;
  launch(read_heatmap_places, dim3(static_cast<unsigned>(pieces(n, kPlaces))),
         dim3(static_cast<unsigned>(launch_options.threads)), stream, readings, heatmaps, places, n);
}

void read_embeddings(const Stream& stream, float* tags, const BaseEmbeddings& embeddings, const Place* places, int n,
                     LaunchOptions launch_options) {
  if (n == 0) return;
  launch(read_embedding_places, dim3(static_cast<unsigned>(pieces(n, kPlaces))),
         dim3(static_cast<unsigned>(launch_options.threads)), stream, tags, embeddings, places, n);
}

void search_missing(const Stream& stream, Match* matches, float* bounds, Match* tile_matches,
                    const BaseHeatmaps& heatmaps, const BaseEmbeddings& embeddings, SearchInput input,
                    SearchSizes sizes, LaunchOptions launch_options) {
  if (sizes.missing == 0) return;
  const auto run = embeddings.dims % kLanes<float> == 0 ? search<kLanes<float>> : search<1>;
  run(stream, matches, bounds, tile_matches, heatmaps, embeddings, input, sizes, launch_options);
}

}  // namespace posecu
