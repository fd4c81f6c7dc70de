// The highest peaks of each keypoint's heatmap, with their embeddings, from the bits that find_peaks wrote.
//
//   candidates[k,i] = x, y, v, dx, dy, e   of the peak that i others precede: those with a larger v, or an equal v and
//                     an earlier place in row order
//
//   shapes  candidates [K,most,5+T] float   words [K,H,columns of tiles] u32   v, e at base size, never stored
//   bytes   4 a word: 1/8 of a byte a pixel; few cells of the maps
//   launch  a block a keypoint type, in rounds: every thread walks the words that equal it modulo the block's size and
//           puts what precedes the last of the list into its slots in shared memory, until they are full; then each
//           entry's rank among list and slots is its place in the next list. No two entries are equal, so the list does
//           not depend on who found what in which round: the same bits at every block size.
#include "kernels/base_maps.cuh"
#include "kernels/top_peaks.h"

namespace posecu {
namespace {

constexpr int kSlots = 256;

// Where a thread is in its words.
struct Cursor {
  int word, bit;
};

// The thread's next peak that is better than `least`; place -1 when there is none left.
__device__ __forceinline__ PlacedValue next_peak(Cursor& at, const std::uint32_t* __restrict__ words,
                                                 const BaseHeatmaps& maps, int keypoint, PlacedValue least) {
  const TileGrid tiles = tile_grid(maps);
  for (; at.word < maps.height * tiles.columns; at.word += static_cast<int>(blockDim.x), at.bit = 0) {
    const std::uint32_t word = words[at.word];
    for (; at.bit < kMapTile && word >> at.bit != 0; ++at.bit) {
      if ((word >> at.bit & 1u) == 0) continue;
      const int x = at.word % tiles.columns * kMapTile + at.bit, y = at.word / tiles.columns;
      const PlacedValue peak{heatmap_at(maps, keypoint, x, y), y * maps.width + x};
      if (!(abs(peak.value) < INFINITY && better(peak, least))) continue;
      ++at.bit;
      return peak;
    }
  }
  return {};
}

__device__ __forceinline__ int count_better(const PlacedValue* entries, int n, PlacedValue than) {
  int count = 0;
  for (int i = 0; i < n; ++i) count += better(entries[i], than) ? 1 : 0;
  return count;
}

// Puts each entry of the sorted list and of the slots where it stands in the next list.
__device__ __forceinline__ void merge(PlacedValue* next, const PlacedValue* list, int kept, const PlacedValue* slots,
                                      int used, int most) {
  for (int i = static_cast<int>(threadIdx.x); i < kept + used; i += static_cast<int>(blockDim.x)) {
    const PlacedValue entry = i < kept ? list[i] : slots[i - kept];
    if (entry.place < 0) continue;
    const int rank = (i < kept ? i : count_better(list, kept, entry)) + count_better(slots, used, entry);
    if (rank < most) next[rank] = entry;
  }
}

__device__ __forceinline__ void write_rows(float* __restrict__ rows, const PlacedValue* list, int kept,
                                           const BaseHeatmaps& heatmaps, const BaseEmbeddings& embeddings, int keypoint,
                                           int most) {
  const int size = candidate_size(embeddings), sides = embeddings.sides;
  for (int i = static_cast<int>(threadIdx.x); i < most * sides; i += static_cast<int>(blockDim.x)) {
    const int side = i % sides, place = i / sides < kept ? list[i / sides].place : -1;
    const Place at{keypoint, place % heatmaps.width, place / heatmaps.width};
    float* row = rows + static_cast<std::size_t>(i / sides) * static_cast<std::size_t>(size);
    float* tag = row + kCandidateHead + side * embeddings.dims;
    if (place >= 0) {
      read_embedding(tag, embeddings, at, side);
    } else {
      for (int m = 0; m < embeddings.dims; ++m) tag[m] = 0;
    }
    if (side != 0) continue;
    const Reading reading = place >= 0 ? reading_at(heatmaps, at) : Reading{};
    row[0] = place >= 0 ? static_cast<float>(at.x) : -1.f;
    row[1] = place >= 0 ? static_cast<float>(at.y) : 0.f;
    row[2] = reading.value, row[3] = reading.dx, row[4] = reading.dy;
  }
}

__global__ void take_highest(float* __restrict__ candidates, PlacedValue* scratch,
                             const std::uint32_t* __restrict__ words, BaseHeatmaps heatmaps, BaseEmbeddings embeddings,
                             int most) {
  __shared__ PlacedValue slots[kSlots];
  const int keypoint = static_cast<int>(blockIdx.x), count = heatmaps.height * tile_grid(heatmaps).columns;
  words += blockIdx.x * static_cast<std::size_t>(count);
  PlacedValue* list = scratch + 2 * blockIdx.x * static_cast<std::size_t>(most);
  PlacedValue* next = list + most;
  Cursor cursor{static_cast<int>(threadIdx.x), 0};
  int kept = 0;
  for (bool more = true; more;) {  // the same in all threads
    const PlacedValue least = kept == most ? list[most - 1] : PlacedValue{};
    int found = 0, used = 0;
    for (int slot = static_cast<int>(threadIdx.x); slot < kSlots; slot += static_cast<int>(blockDim.x)) {
      slots[slot] = next_peak(cursor, words, heatmaps, keypoint, least);
      if (slots[slot].place < 0) continue;
      ++found, used = slot + 1;
    }
    __syncthreads();
    found = block_sum(found);
    used = block_max(used);
    more = block_max(cursor.word < count ? 1 : 0) != 0;
    merge(next, list, kept, slots, used, most);
    __syncthreads();
    PlacedValue* const old = list;
    list = next, next = old;
    kept = min(kept + found, most);
  }
  write_rows(candidates + blockIdx.x * static_cast<std::size_t>(most * candidate_size(embeddings)), list, kept,
             heatmaps, embeddings, keypoint, most);
}

}  // namespace

void top_peaks(const Stream& stream, float* candidates, PlacedValue* scratch, const std::uint32_t* words,
               const BaseHeatmaps& heatmaps, const BaseEmbeddings& embeddings, int most, LaunchOptions launch_options) {
  require(most >= 1, "at least one candidate of each keypoint type");
  launch(take_highest, dim3(static_cast<unsigned>(heatmaps.keypoints)), flat_block(launch_options), stream, candidates,
         scratch, words, heatmaps, embeddings, most);
}

}  // namespace posecu
