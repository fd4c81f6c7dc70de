// The targets of the heatmap loss, one chunk of a row at a time: the device functions behind heatmap_loss.cu, which
// states the formulas. In an unnamed namespace, because they are part of that file.
#pragma once

#include "kernels/heatmap_loss.h"
#include "kernels/runtime/kernel.h"

namespace posecu {
namespace {

constexpr int kTile = 2304;                // elements of a chunk: 128 pixels of 17 channels
constexpr float kOutside = INFINITY;       // the square distance outside every window
constexpr float kDone = -1.f;              // "square distance" of elements that are masked or already worked
constexpr float kLargestExponent = 745.f;  // exp(-745) is the smallest double: beyond, the official target is 0

// How many elements inside windows a thread works at once: on the CPU a register full, because windows of neighbouring
// channels lie elsewhere; on the GPU one, because there neighbouring threads are the lanes.
constexpr int kGathered = kLanes<float> * 4 > 16 ? kLanes<float> : 1;

struct Joint {
  int x, y, channel;
  float sharpness;  // (theta/s)^2 of its person, or 1
};

struct Geometry {
  int height, width, channels;
  int embedding_height, embedding_width, embedding_dim;
  int chunk, radius;           // pixels of a chunk, of a window to each side
  float inverse_two_variance;  // 1 / (2 sigma^2)
  float theta_squared;
  float beta;
};

// The shared memory of a block, for one chunk: for each element the smallest square distance to a joint in whose window
// it lies, times the joint's sharpness; and, for TargetScale::embedding, the scales of the pixels of the embeddings'
// map that lie under the chunk, blended between the two rows that its row lies between.
struct alignas(32) Tile {
  float squares[kTile + 8];
  float scales[kTile + 2 * kMaxHeatmapChannels];
};

struct Chunk {
  int picture, y, left, right;  // pixels [left,right) of row y
  int skew;                     // squares start here, so that they are aligned as the heatmaps are
  std::size_t first;            // element of the heatmaps
};

// The first number from `from` on that this thread owns when numbers are dealt out one by one to `owners`.
__device__ __forceinline__ int first_owned(int from, unsigned owner, unsigned owners) {
  return from + static_cast<int>((owner + owners - static_cast<unsigned>(from) % owners) % owners);
}

__device__ __forceinline__ int thread_number() { return static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x); }
__device__ __forceinline__ int thread_count() { return static_cast<int>(blockDim.y * blockDim.x); }

// Sorts the joints that have a pixel by its row: those of row y of picture n are joints[rows[n][y]] to
// joints[rows[n][y+1]], rows [N,H+1]. One block a picture; a thread owns the rows that equal it modulo the block's
// size.
__global__ void index_joints(Joint* __restrict__ joints, int* __restrict__ rows, const float* __restrict__ keypoints,
                             const int* __restrict__ first_person, const double* __restrict__ person_scales, int height,
                             int width, int channels, double theta) {
  const int picture = static_cast<int>(blockIdx.x), begin = first_person[picture] * channels;
  const int end = first_person[picture + 1] * channels;
  int* __restrict__ starts = rows + static_cast<std::size_t>(picture) * static_cast<std::size_t>(height + 1);
  for (int y = static_cast<int>(threadIdx.x); y <= height; y += static_cast<int>(blockDim.x)) starts[y] = 0;
  __syncthreads();

  // Calls visit(x, y, joint) for this thread's joints. Coordinates are cut toward zero: -0.99 is pixel 0.
  const auto each_joint = [&](auto visit) {
    for (int joint = begin; joint < end; ++joint) {
      const float* label = keypoints + static_cast<std::size_t>(joint) * 3;
      const bool placed = label[2] > 0.f && label[0] > -1.f && label[1] > -1.f &&
                          label[0] < static_cast<float>(width) && label[1] < static_cast<float>(height);
      if (!placed) continue;
      const int x = static_cast<int>(label[0]), y = static_cast<int>(label[1]);
      if (static_cast<unsigned>(y) % blockDim.x == threadIdx.x) visit(x, y, joint);
    }
  };
  each_joint([&](int, int y, int) { ++starts[y + 1]; });
  __syncthreads();
  if (threadIdx.x == 0) {
    int running = begin;
    starts[0] = begin;
    for (int y = 0; y < height; ++y) {
      const int count = starts[y + 1];
      starts[y + 1] = running;
      running += count;
    }
  }
  __syncthreads();
  each_joint([&](int x, int y, int joint) {
    const double ratio = person_scales == nullptr ? 1. : theta / person_scales[joint / channels];
    joints[starts[y + 1]++] = {x, y, joint % channels, static_cast<float>(ratio * ratio)};
  });
}

// The joints of a picture whose windows cross row y, as a range of the sorted joints.
struct JointRange {
  int begin, end;
};
__device__ __forceinline__ JointRange joints_near(const int* rows, const Geometry& shape, const Chunk& chunk) {
  const int* starts = rows + static_cast<std::size_t>(chunk.picture) * static_cast<std::size_t>(shape.height + 1);
  return {starts[max(chunk.y - shape.radius, 0)], starts[min(chunk.y + shape.radius + 1, shape.height)]};
}

// Calls visit(joint, from, to) for the joints of this thread's channels whose windows hold pixels [from,to) of the
// chunk.
template <class Visit>
__device__ __forceinline__ void each_window(const Joint* joints, const int* rows, const Geometry& shape,
                                            const Chunk& chunk, Visit visit) {
  const auto [begin, end] = joints_near(rows, shape, chunk);
  for (int i = begin; i < end; ++i) {
    const Joint joint = joints[i];
    const int from = max(joint.x - shape.radius, chunk.left), to = min(joint.x + shape.radius + 1, chunk.right);
    if (from < to && static_cast<unsigned>(joint.channel) % blockDim.y == threadIdx.y) visit(joint, from, to);
  }
}

// Where pixel `i` of an axis lies on the embeddings' map, between two of its pixels: PyTorch's bilinear rule with
// align_corners false.
struct Between {
  int low, high;
  float toward_high;
};
__device__ __forceinline__ Between between(int i, int size, int embedding_size) {
  const float ratio = static_cast<float>(embedding_size) / static_cast<float>(size);
  const float place = max((static_cast<float>(i) + 0.5f) * ratio - 0.5f, 0.f);
  const int low = static_cast<int>(place);
  return {low, min(low + 1, embedding_size - 1), place - static_cast<float>(low)};
}

// The scales that kGathered embeddings encode: the mean of d_m = (m + 0.5) / M weighted by |t_m|. Embedding i begins at
// min(i, last) * step. N divides M.
template <int N>
__device__ __forceinline__ Vec<kGathered> encoded_scales(const float* __restrict__ embeddings, std::size_t step,
                                                         int last, int dim) {
  const float* place[kGathered];
  Vec<N> norms[kGathered], weights[kGathered], centre;
#pragma unroll
  for (int i = 0; i < N; ++i) set_lane(centre, i, static_cast<float>(i) + 0.5f);
#pragma unroll
  for (int i = 0; i < kGathered; ++i) {
    place[i] = i == 0 ? embeddings : place[i - 1] + (i <= last ? step : 0);
    norms[i] = abs(load<N>(place[i]));
    weights[i] = centre * norms[i];
  }
  for (int m = N; m < dim; m += N) {
#pragma unroll
    for (int i = 0; i < kGathered; ++i) {
      const Vec<N> t = abs(load<N>(place[i] + m));
      norms[i] += t;
      weights[i] = fma(centre + Vec<N>(static_cast<float>(m)), t, weights[i]);
    }
  }
  const Vec<kGathered> norm = max(lane_sums(norms), Vec<kGathered>(1e-12f));
  return lane_sums(weights) / (norm * Vec<kGathered>(static_cast<float>(dim)));
}

// The two rows of the embeddings' map that a chunk lies between, and what of them lies under it.
struct EmbeddingRows {
  const float *upper, *lower;
  float toward_lower;
  int origin;         // the first pixel under the chunk
  std::size_t pixel;  // elements from one pixel to the next
};

__device__ __forceinline__ EmbeddingRows rows_under(const float* embeddings, const Geometry& shape,
                                                    const Chunk& chunk) {
  const Between row = between(chunk.y, shape.height, shape.embedding_height);
  const std::size_t pixel = static_cast<std::size_t>(shape.channels) * static_cast<std::size_t>(shape.embedding_dim);
  const std::size_t line = pixel * static_cast<std::size_t>(shape.embedding_width);
  const float* picture =
      embeddings + static_cast<std::size_t>(chunk.picture) * line * static_cast<std::size_t>(shape.embedding_height);
  return {picture + static_cast<std::size_t>(row.low) * line, picture + static_cast<std::size_t>(row.high) * line,
          row.toward_high, between(chunk.left, shape.width, shape.embedding_width).low, pixel};
}

// tile.scales for all windows of the chunk, kGathered pixels of a window at once. N divides M.
template <int N>
__device__ __forceinline__ void fill_scales(Tile& tile, const EmbeddingRows& under, const Joint* joints,
                                            const int* rows, const Geometry& shape, const Chunk& chunk) {
  const int stride = static_cast<int>(blockDim.x);
  const std::size_t step = under.pixel * blockDim.x;
  each_window(joints, rows, shape, chunk, [&](const Joint& joint, int from, int to) {
    const int first = between(from, shape.width, shape.embedding_width).low;
    const int last = between(to - 1, shape.width, shape.embedding_width).high;
    const std::size_t embedding =
        static_cast<std::size_t>(joint.channel) * static_cast<std::size_t>(shape.embedding_dim);
    for (int x = first_owned(first, threadIdx.x, blockDim.x); x <= last; x += stride * kGathered) {
      const int more = min((last - x) / stride, kGathered - 1);
      const std::size_t offset = static_cast<std::size_t>(x) * under.pixel + embedding;
      Vec<kGathered> scales = encoded_scales<N>(under.upper + offset, step, more, shape.embedding_dim);
      if (under.toward_lower > 0.f) {
        const Vec<kGathered> lower = encoded_scales<N>(under.lower + offset, step, more, shape.embedding_dim);
        scales = fma(Vec<kGathered>(under.toward_lower), lower - scales, scales);
      }
      float* place = tile.scales + (x - under.origin) * shape.channels + joint.channel;
#pragma unroll
      for (int i = 0; i < kGathered; ++i) place[min(i, more) * stride * shape.channels] = lane(scales, i);
    }
  });
}

// Lowers tile.squares at the windows. Masked elements stay kDone.
__device__ __forceinline__ void lower_squares(Tile& tile, const Joint* joints, const int* rows, const Geometry& shape,
                                              const Chunk& chunk) {
  each_window(joints, rows, shape, chunk, [&](const Joint& joint, int from, int to) {
    const int dy = chunk.y - joint.y;
    float* squares = tile.squares + chunk.skew + joint.channel;
    for (int x = first_owned(from, threadIdx.x, blockDim.x); x < to; x += static_cast<int>(blockDim.x)) {
      const int dx = x - joint.x, square = dx * dx + dy * dy;
      // An infinite sharpness leaves the peak alone: 1 to any power is 1.
      const float mine = square == 0 ? 0.f : static_cast<float>(square) * joint.sharpness;
      float& smallest = squares[(x - chunk.left) * shape.channels];
      smallest = min(smallest, mine);
    }
  });
}

// Fills tile.squares: kDone where masked, else kOutside. `masks` may be null.
template <int N>
__device__ __forceinline__ void clear_squares(Tile& tile, const std::uint8_t* __restrict__ masks, const Geometry& shape,
                                              const Chunk& chunk) {
  const int count = chunk.skew + (chunk.right - chunk.left) * shape.channels;
  for (int i = thread_number() * N; i < count; i += thread_count() * N) store(tile.squares + i, Vec<N>(kOutside));
  if (masks == nullptr) return;
  __syncthreads();
  const std::uint8_t* row = masks + (static_cast<std::size_t>(chunk.picture) * static_cast<std::size_t>(shape.height) +
                                     static_cast<std::size_t>(chunk.y)) *
                                        static_cast<std::size_t>(shape.width);
  for (int x = chunk.left + thread_number(); x < chunk.right; x += thread_count()) {
    if (row[x] != 0) continue;
    float* squares = tile.squares + chunk.skew + (x - chunk.left) * shape.channels;
    for (int channel = 0; channel < shape.channels; ++channel) squares[channel] = kDone;
  }
}

// The tile of a chunk, which all threads may read afterwards.
template <int N, TargetScale kScale>
__device__ __forceinline__ void make_tile(Tile& tile, const std::uint8_t* __restrict__ masks,
                                          const float* __restrict__ embeddings, const Joint* joints, const int* rows,
                                          const Geometry& shape, const Chunk& chunk) {
  clear_squares<N>(tile, masks, shape, chunk);
  if constexpr (kScale == TargetScale::embedding) {
    const EmbeddingRows under = rows_under(embeddings, shape, chunk);
    if (shape.embedding_dim % kLanes<float> == 0 && N > 1) {
      fill_scales<kLanes<float>>(tile, under, joints, rows, shape, chunk);
    } else {
      fill_scales<1>(tile, under, joints, rows, shape, chunk);
    }
  }
  __syncthreads();
  lower_squares(tile, joints, rows, shape, chunk);
  __syncthreads();
}

// Elements inside windows, gathered to be worked as one Vec.
template <int N>
struct Gathered {
  alignas(32) float squares[N], scales[N];
  int places[N];  // in the chunk
  int count = 0;  // lanes from here on repeat the first
};

// e = -log of the target, at most kLargestExponent or infinite.
template <int N, TargetScale kScale>
__device__ __forceinline__ Vec<N> exponents_of(const Gathered<N>& gathered, const Geometry& shape) {
  const Vec<N> square = load<N>(gathered.squares);
  Vec<N> exponent = square * Vec<N>(shape.inverse_two_variance);
  if constexpr (kScale == TargetScale::embedding) {
    const Vec<N> scale = load<N>(gathered.scales);
    exponent = exponent * Vec<N>(shape.theta_squared) / (scale * scale);
    exponent = where(square == Vec<N>(0.f), Vec<N>(0.f), exponent);  // a scale of 0 leaves the peak alone
  }
  return where(exponent <= Vec<N>(kLargestExponent), exponent, Vec<N>(kOutside));
}

// Calls work(exponents, places, count) for the elements inside windows that are not masked, each once: where windows
// overlap, the first marks it as done. Lanes from `count` on repeat the first one.
template <TargetScale kScale, class Work>
__device__ __forceinline__ void each_exponent(Tile& tile, const Joint* joints, const int* rows, const Geometry& shape,
                                              const Chunk& chunk, Work work) {
  const int origin = between(chunk.left, shape.width, shape.embedding_width).low;
  Gathered<kGathered> gathered;
  const auto work_gathered = [&] {
    for (int i = gathered.count; i < kGathered; ++i) {
      gathered.squares[i] = gathered.squares[0];
      gathered.places[i] = gathered.places[0];
      if constexpr (kScale == TargetScale::embedding) gathered.scales[i] = gathered.scales[0];
    }
    work(exponents_of<kGathered, kScale>(gathered, shape), gathered.places, gathered.count);
    gathered.count = 0;
  };
  each_window(joints, rows, shape, chunk, [&](const Joint& joint, int from, int to) {
    for (int x = first_owned(from, threadIdx.x, blockDim.x); x < to; x += static_cast<int>(blockDim.x)) {
      const int place = (x - chunk.left) * shape.channels + joint.channel;
      const float square = tile.squares[chunk.skew + place];
      if (square == kDone || square == kOutside) continue;
      tile.squares[chunk.skew + place] = kDone;
      const int slot = kGathered == 1 ? 0 : gathered.count;
      gathered.squares[slot] = square;
      gathered.places[slot] = place;
      if constexpr (kScale == TargetScale::embedding) {
        const Between column = between(x, shape.width, shape.embedding_width);
        const float low = tile.scales[(column.low - origin) * shape.channels + joint.channel];
        const float high = tile.scales[(column.high - origin) * shape.channels + joint.channel];
        gathered.scales[slot] = low + column.toward_high * (high - low);
      }
      if (++gathered.count == kGathered) work_gathered();
    }
  });
  if (gathered.count > 0) work_gathered();
}

template <int N>
__device__ __forceinline__ Chunk chunk_of(int row, int left, const Geometry& shape) {
  const std::size_t first =
      (static_cast<std::size_t>(row) * static_cast<std::size_t>(shape.width) + static_cast<std::size_t>(left)) *
      static_cast<std::size_t>(shape.channels);
  return {row / shape.height,
          row % shape.height,
          left,
          min(left + shape.chunk, shape.width),
          static_cast<int>(first % N),
          first};
}

}  // namespace
}  // namespace posecu
