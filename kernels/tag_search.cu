// Heatmaps and embeddings at single places, and the search for keypoints that grouping did not find.
//
//   search_missing   match = max over the map of v - round(|e - tag|), and its first place in row order
//
//   shapes  v [K,H,W] heatmaps and e [K,H,W,T] embeddings at base size, never stored; tag [T] of one person
//   bytes   each cell of the embeddings once; few pixels are interpolated. In a set of pixels v is at most its top, and
//           e lies in the box of the cells around, since interpolation averages; so no match there is larger than
//             top - round(distance of tag to the box)
//           Sets are tiles of 32 x 32 pixels, then patches of 8 x 8 in them. What stays below the best match known is
//           left out. The result is exact: the bound has room for rounding, and what could equal the best is looked at.
//   launch  1: a block for each tile and keypoint takes the box and the embedding of the tile's highest pixel.
//           2: a block for each missing keypoint matches those pixels and the most promising tile.
//           3: a block for each tile and keypoint serves all who miss that keypoint, a thread a patch.
//           4: tiles are joined in a fixed order, and the heatmap is read at the match.
#include "kernels/base_maps.cuh"
#include "kernels/tag_search.h"

namespace posecu {
namespace {

constexpr int kPlaces = 64;  // a block's

__global__ void read_heatmap_places(Reading* __restrict__ readings, BaseHeatmaps maps, const Place* __restrict__ places,
                                    int n) {
  const int begin = static_cast<int>(blockIdx.x) * kPlaces, end = min(begin + kPlaces, n);
  for (int i = begin + static_cast<int>(threadIdx.x); i < end; i += static_cast<int>(blockDim.x)) {
    readings[i] = reading_at(maps, places[i]);
  }
}

__global__ void read_embedding_places(float* __restrict__ tags, BaseEmbeddings maps, const Place* __restrict__ places,
                                      int n) {
  const int begin = static_cast<int>(blockIdx.x) * kPlaces, end = min(begin + kPlaces, n);
  for (int i = begin + static_cast<int>(threadIdx.x); i < end; i += static_cast<int>(blockDim.x)) {
    for (int side = 0; side < maps.sides; ++side)
      read_embedding(tags + static_cast<std::size_t>(i * maps.sides + side) * static_cast<std::size_t>(maps.dims), maps,
                     places[i], side);
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

struct Rectangle {
  int keypoint, left, top, right, bottom;  // base pixels; right and bottom are within
};

// The cells of one side that a rectangle of pixels is interpolated from, M numbers each.
struct Cells {
  const float* first;
  int rows, columns;
  std::size_t step, row_step;  // from one to the next
  __device__ __forceinline__ const float* at(int row, int column) const {
    return first + static_cast<std::size_t>(row) * row_step + static_cast<std::size_t>(column) * step;
  }
};

__device__ __forceinline__ Cells cells_of(const BaseEmbeddings& maps, const Rectangle& pixels, int side) {
  const bool mirrored = side == 1;
  const int left = mirrored ? maps.width - 1 - pixels.right : pixels.left;
  const int right = mirrored ? maps.width - 1 - pixels.left : pixels.right;
  const int first_row = taps(pixels.top, maps.map_height, maps.height).first;
  const int first_column = taps(left, maps.map_width, maps.width).first;
  const int channel = mirrored ? maps.flip.other[pixels.keypoint] : pixels.keypoint;
  const std::size_t step = static_cast<std::size_t>(maps.keypoints) * static_cast<std::size_t>(maps.dims);
  return {embedding_cell(maps, side, first_row, first_column, channel),
          taps(pixels.bottom, maps.map_height, maps.height).second - first_row + 1,
          taps(right, maps.map_width, maps.width).second - first_column + 1, step,
          step * static_cast<std::size_t>(maps.map_width)};
}

// Between what elements index .. index+N-1 of cells lie.
template <int N>
struct Box {
  Vec<N> low, high;
};
template <int N>
__device__ __forceinline__ Box<N> box_of(const Cells& cells, int index) {
  Box<N> box{load<N>(cells.first + index), load<N>(cells.first + index)};
  for (int row = 0; row < cells.rows; ++row)
    for (int column = 0; column < cells.columns; ++column) {
      const Vec<N> value = load<N>(cells.at(row, column) + index);
      box = {min(box.low, value), max(box.high, value)};
    }
  return box;
}

// The squared distance of `tag` to a box, lane by lane, with room for the rounding of interpolation (4 products and 3
// sums: below 1e-6 of the largest cell).
template <int N>
__device__ __forceinline__ Vec<N> outside(const Box<N>& box, Vec<N> tag) {
  const Vec<N> room = Vec<N>(1e-6f) * max(abs(box.low), abs(box.high));
  const Vec<N> away = max(max(box.low - room - tag, tag - box.high - room), Vec<N>(0.f));
  return away * away;
}

// The largest match that a set of pixels can hold; 1e-5 is room for the rounding of distances.
__device__ __forceinline__ float largest_match(float top, float distance) {
  return top - rintf(distance * (1.f - 1e-5f));
}

template <int N>
__global__ void describe_tiles(SearchScratch scratch, BaseHeatmaps maps, BaseEmbeddings embeddings, SearchInput input,
                               int tiles) {
  const int keypoint = static_cast<int>(blockIdx.x), number = static_cast<int>(blockIdx.y);
  const bool wanted = input.first[keypoint] < input.first[keypoint + 1];
  const int columns = tile_grid(maps).columns, left = number % columns * kMapTile, top = number / columns * kMapTile;
  const Rectangle pixels{keypoint, left, top, min(left + kMapTile, maps.width) - 1,
                         min(top + kMapTile, maps.height) - 1};
  const int place = input.tile_places[keypoint * tiles + number];
  const std::size_t tile = static_cast<std::size_t>(keypoint * tiles + number);
  const int size = embeddings.tag_size();
  for (int i = static_cast<int>(threadIdx.x) * N; wanted && i < size; i += static_cast<int>(blockDim.x) * N) {
    const int side = i / embeddings.dims, m = i % embeddings.dims;
    const std::size_t to = tile * static_cast<std::size_t>(size) + static_cast<std::size_t>(i);
    const Box<N> box = box_of<N>(cells_of(embeddings, pixels, side), m);
    store(scratch.lows + to, box.low);
    store(scratch.highs + to, box.high);
    const EmbeddingTaps at = embedding_taps(embeddings, keypoint, place % maps.width, place / maps.width, side);
    store(scratch.top_tags + to, embedding_at<N>(at, m));
  }
}

inline constexpr int kPatch = 8;

// Beyond the map's edge stand values of the edge.
__device__ __forceinline__ float top_of_patch(const HeatmapTile& tile, int left, int top, int bottom) {
  constexpr int N = kLanes<float>;
  Vec<N> best = load<N>(tile.values[top] + left);
  for (int y = top; y <= bottom; ++y)
    for (int x = left; x < left + kPatch; x += N) best = max(best, load<N>(tile.values[y] + x));
  return largest_lane(best);
}

// The best match of one patch of the tile, whose heatmap stands in shared memory, and `best` of patches before.
template <int N>
__device__ __forceinline__ PlacedValue match_patch(const HeatmapTile& tile, const BaseEmbeddings& maps,
                                                   const float* tag, Place corner, const Rectangle& patch,
                                                   PlacedValue best) {
  const float top = top_of_patch(tile, patch.left - corner.x, patch.top - corner.y, patch.bottom - corner.y);
  if (!(top >= best.value)) return best;
  Vec<N> squares(0.f);
  for (int side = 0; side < maps.sides; ++side) {
    const Cells cells = cells_of(maps, patch, side);
    for (int m = 0; m < maps.dims; m += N) squares += outside(box_of<N>(cells, m), load<N>(tag + side * maps.dims + m));
  }
  if (!(largest_match(top, sqrtf(sum(squares))) >= best.value)) return best;
  for (int y = patch.top; y <= patch.bottom; ++y)
    for (int x = patch.left; x <= patch.right; ++x) {
      const float value = tile.values[y - corner.y][x - corner.x];
      if (!(value >= best.value)) continue;
      const PlacedValue match{value - rintf(distance<N>(maps, patch.keypoint, x, y, tag)), y * maps.width + x};
      if (match.value >= best.value && better(match, best)) best = match;
    }
  return best;
}

// The best match of one tile for one person, no smaller than `bound`.
template <int N>
__device__ __forceinline__ PlacedValue match_tile(const HeatmapTile& tile, const BaseEmbeddings& maps, const float* tag,
                                                  Place corner, float bound) {
  constexpr int kAcross = kMapTile / kPatch;
  const int thread = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x);
  const int threads = static_cast<int>(blockDim.x * blockDim.y);
  PlacedValue best{bound, -1};
  for (int p = thread; p < kAcross * kAcross; p += threads) {
    const int left = corner.x + p % kAcross * kPatch, top = corner.y + p / kAcross * kPatch;
    if (left >= maps.width || top >= maps.height) continue;
    const Rectangle patch{corner.keypoint, left, top, min(left + kPatch, maps.width) - 1,
                          min(top + kPatch, maps.height) - 1};
    best = match_patch<N>(tile, maps, tag, corner, patch, best);
  }
  return best_of_block(best);
}

// The largest match that a tile can hold for a person.
template <int N>
__device__ __forceinline__ float largest_match_of_tile(const SearchScratch& scratch, const SearchInput& input,
                                                       std::size_t tile, const float* tag, int size) {
  const std::size_t from = tile * static_cast<std::size_t>(size);
  Vec<N> squares(0.f);
  for (int i = 0; i < size; i += N) {
    const std::size_t at = from + static_cast<std::size_t>(i);
    squares += outside(Box<N>{load<N>(scratch.lows + at), load<N>(scratch.highs + at)}, load<N>(tag + i));
  }
  return largest_match(input.tile_values[tile], sqrtf(sum(squares)));
}

// The match at a tile's highest pixel.
template <int N>
__device__ __forceinline__ float match_of_top(const SearchScratch& scratch, const SearchInput& input, std::size_t tile,
                                              const float* tag, int size) {
  const float* top_tag = scratch.top_tags + tile * static_cast<std::size_t>(size);
  Vec<N> squares(0.f);
  for (int i = 0; i < size; i += N) {
    const Vec<N> difference = load<N>(top_tag + i) - load<N>(tag + i);
    squares += difference * difference;
  }
  return input.tile_values[tile] - rintf(sqrtf(sum(squares)));
}

__device__ __forceinline__ Place corner_of(const BaseHeatmaps& maps, int keypoint, int tile) {
  const int columns = tile_grid(maps).columns;
  return {keypoint, tile % columns * kMapTile, tile / columns * kMapTile};
}

// A match that is surely reached: the best of all tiles' highest pixels and of the tile that may hold the largest.
template <int N>
__global__ void find_bound(SearchScratch scratch, BaseHeatmaps maps, BaseEmbeddings embeddings, SearchInput input,
                           int tiles) {
  __shared__ HeatmapTile memory;
  const Missing missing = input.missing[blockIdx.x];
  const int size = embeddings.tag_size();
  const float* tag = input.tags + missing.person * size;
  float bound = -INFINITY;
  PlacedValue promising;  // the place is a tile's number
  const int thread = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x);
  for (int t = thread; t < tiles; t += static_cast<int>(blockDim.x * blockDim.y)) {
    const auto tile = static_cast<std::size_t>(missing.keypoint * tiles + t);
    bound = max(bound, match_of_top<N>(scratch, input, tile, tag, size));
    const PlacedValue most{largest_match_of_tile<N>(scratch, input, tile, tag, size), t};
    if (most.value == most.value && better(most, promising)) promising = most;
  }
  bound = block_max(bound);
  promising = best_of_block(promising);
  if (promising.place >= 0) {  // the same in all threads
    const Place corner = corner_of(maps, missing.keypoint, promising.place);
    fill_tile(memory, maps, missing.keypoint, corner.x, corner.y, 0);
    bound = max(bound, match_tile<N>(memory, embeddings, tag, corner, bound).value);
  }
  if (thread == 0) scratch.bounds[blockIdx.x] = bound;
}

template <int N>
__global__ void match_tiles(SearchScratch scratch, BaseHeatmaps maps, BaseEmbeddings embeddings, SearchInput input,
                            int tiles) {
  __shared__ HeatmapTile memory;
  const int keypoint = static_cast<int>(blockIdx.x), number = static_cast<int>(blockIdx.y);
  const int size = embeddings.tag_size();
  const auto tile = static_cast<std::size_t>(keypoint * tiles + number);
  const Place corner = corner_of(maps, keypoint, number);
  bool filled = false;
  for (int i = input.first[keypoint]; i < input.first[keypoint + 1]; ++i) {
    const float* tag = input.tags + input.missing[i].person * size;
    const float bound = scratch.bounds[i];
    PlacedValue match;
    if (input.tile_values[tile] >= bound &&  // the same in all threads
        largest_match_of_tile<N>(scratch, input, tile, tag, size) >= bound) {
      if (!filled) fill_tile(memory, maps, keypoint, corner.x, corner.y, 0);
      filled = true;
      match = match_tile<N>(memory, embeddings, tag, corner, bound);
    }
    if (threadIdx.x == 0 && threadIdx.y == 0)
      scratch.tile_matches[static_cast<std::size_t>(i) * static_cast<std::size_t>(tiles) + blockIdx.y] = match;
  }
}

__global__ void join_tiles(Match* __restrict__ matches, const PlacedValue* __restrict__ tile_matches,
                           const Missing* __restrict__ missing, BaseHeatmaps maps, int tiles) {
  PlacedValue best;
  for (int t = static_cast<int>(threadIdx.x); t < tiles; t += static_cast<int>(blockDim.x)) {
    const PlacedValue match = tile_matches[static_cast<std::size_t>(blockIdx.x) * static_cast<std::size_t>(tiles) +
                                           static_cast<std::size_t>(t)];
    if (better(match, best)) best = match;
  }
  best = best_of_block(best);
  if (threadIdx.x != 0) return;
  Reading reading;
  if (best.place >= 0)
    reading = reading_at(maps, {missing[blockIdx.x].keypoint, best.place % maps.width, best.place / maps.width});
  matches[blockIdx.x] = {best, reading};
}

template <int N>
void search(const Stream& stream, Match* matches, const SearchScratch& scratch, const BaseHeatmaps& heatmaps,
            const BaseEmbeddings& embeddings, const SearchInput& input, SearchSizes sizes,
            LaunchOptions launch_options) {
  const dim3 tiles(static_cast<unsigned>(heatmaps.keypoints), static_cast<unsigned>(sizes.tiles));
  const dim3 each(static_cast<unsigned>(sizes.missing)), line(static_cast<unsigned>(launch_options.threads));
  const dim3 square = channel_block(kMapTile, launch_options);
  launch(describe_tiles<N>, tiles, line, stream, scratch, heatmaps, embeddings, input, sizes.tiles);
  launch(find_bound<N>, each, square, stream, scratch, heatmaps, embeddings, input, sizes.tiles);
  launch(match_tiles<N>, tiles, square, stream, scratch, heatmaps, embeddings, input, sizes.tiles);
  launch(join_tiles, each, line, stream, matches, scratch.tile_matches, input.missing, heatmaps, sizes.tiles);
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

void search_missing(const Stream& stream, Match* matches, const SearchScratch& scratch, const BaseHeatmaps& heatmaps,
                    const BaseEmbeddings& embeddings, const SearchInput& input, SearchSizes sizes,
                    LaunchOptions launch_options) {
  if (sizes.missing == 0) return;
  const auto run = embeddings.dims % kLanes<float> == 0 ? search<kLanes<float>> : search<1>;
  run(stream, matches, scratch, heatmaps, embeddings, input, sizes, launch_options);
}

}  // namespace posecu
