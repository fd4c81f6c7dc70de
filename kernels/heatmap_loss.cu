// The heatmap loss and its gradient in one pass over the heatmaps, targets made on the fly.
//
//   g = max over joints of exp(-d^2 / (2 sigma^2)), d the distance in pixels, in a window of 3 sigma + 1 around each
//       joint's pixel; 0 outside every window
//   t = g^((theta/s)^2), s the person's scale at this pixel      e = -log t      P = (1+e)^-beta, 0 where t is 0
//   w = P |1-v| + (1-P) |v|       loss = mean of mask (v-t)^2 w
//   gradient = mask ((v-t) (2 w + (v-t) w')) / elements          w' = -P sign(1-v) + (1-P) sign(v), sign(0) = 0
//
//   All is computed from the exponent e: a maximum of Gaussians is a minimum of exponents. Where e is infinite (outside
//   every window: 80 to 97 % of the elements) t = P = 0, hence loss = |v|^3 and gradient = 3 v |v|: no exp, no log.
//
//   shapes  v, gradient [N,H,W,K] float, masks [N,H,W] u8, embeddings [N,H',W',K*M] float, joints any number
//   bytes   reads 4, writes 4 an element, and embeddings inside the windows: limited by memory
//   launch  a block owns one row of one picture and works it in chunks of at most kTile elements, whose square
//           distances lie in shared memory: clear, lower them at the windows, pass over all elements as Vecs in storage
//           order (coalesced), then the elements inside the windows. Threads (x,y) of the second and the fourth step
//           own the pixels = x and the channels = y modulo the block's sizes: overlapping windows cannot collide. Each
//           row's sum is joined by block_sum, the rows' sums by one block in double, both in a fixed order.
#include "kernels/heatmap_loss.h"
#include "kernels/heatmap_targets.cuh"
#include "kernels/runtime/kernel.h"

namespace posecu {
namespace {

template <int N>
struct LossAndSlope {
  Vec<N> loss, slope;
};

// Outside every window: t = P = 0.
template <int N, FocalWeight kFocal>
__device__ __forceinline__ LossAndSlope<N> background(Vec<N> v) {
  if constexpr (kFocal == FocalWeight::off) return {v * v, Vec<N>(2.f) * v};
  const Vec<N> size = abs(v);
  return {size * v * v, Vec<N>(3.f) * v * size};
}

template <int N>
__device__ __forceinline__ Vec<N> sign(Vec<N> v) {
  return where(v > Vec<N>(0.f), Vec<N>(1.f), where(v < Vec<N>(0.f), Vec<N>(-1.f), Vec<N>(0.f)));
}

// Inside a window. Where the exponent is infinite, t = P = 0 whatever beta is.
template <int N, FocalWeight kFocal>
__device__ __forceinline__ LossAndSlope<N> inside(Vec<N> v, Vec<N> exponent, float beta) {
  const Vec<N> one(1.f), residual = v - exp(-exponent);
  if constexpr (kFocal == FocalWeight::off) return {residual * residual, Vec<N>(2.f) * residual};
  const Vec<N> power = exp(Vec<N>(-beta) * log(one + exponent));
  const Vec<N> share = where(exponent == Vec<N>(kOutside), Vec<N>(0.f), power), rest = one - share;
  const Vec<N> weight = share * abs(one - v) + rest * abs(v);
  const Vec<N> weight_slope = rest * sign(v) - share * sign(one - v);
  return {residual * residual * weight, residual * (Vec<N>(2.f) * weight + residual * weight_slope)};
}

// Elements [begin,end) of the heatmaps that lie outside every window; the gradient of all others becomes 0.
template <int N, FocalWeight kFocal>
__device__ __forceinline__ float work_background(float* __restrict__ gradient, const float* __restrict__ heatmaps,
                                                 const Tile& tile, const Chunk& chunk, std::size_t begin,
                                                 std::size_t end, float factor) {
  const std::size_t stride = static_cast<std::size_t>(thread_count()) * N;
  Vec<N> total(0.f);
  for (std::size_t i = begin + static_cast<std::size_t>(thread_number()) * N; i < end; i += stride) {
    const Mask<N> outside = load<N>(tile.squares + chunk.skew + (i - chunk.first)) == Vec<N>(kOutside);
    const LossAndSlope<N> result = background<N, kFocal>(load<N>(heatmaps + i));
    total += where(outside, result.loss, Vec<N>(0.f));
    store(gradient + i, where(outside, result.slope * Vec<N>(factor), Vec<N>(0.f)));
  }
  return sum(total);
}

// The elements inside windows.
template <TargetScale kScale, FocalWeight kFocal>
__device__ __forceinline__ float work_windows(float* __restrict__ gradient, const float* __restrict__ heatmaps,
                                              Tile& tile, const Joint* joints, const int* rows, const Geometry& shape,
                                              const Chunk& chunk, float factor) {
  using Lanes = Vec<kGathered>;
  Lanes total(0.f);
  each_exponent<kScale>(tile, joints, rows, shape, chunk, [&](Lanes exponents, const int* places, int count) {
    Lanes v, number;
#pragma unroll
    for (int i = 0; i < kGathered; ++i) {
      set_lane(v, i, heatmaps[chunk.first + static_cast<std::size_t>(places[i])]);
      set_lane(number, i, static_cast<float>(i));
    }
    const LossAndSlope<kGathered> result = inside<kGathered, kFocal>(v, exponents, shape.beta);
    const Lanes slope = result.slope * Lanes(factor);
#pragma unroll
    for (int i = 0; i < kGathered; ++i) gradient[chunk.first + static_cast<std::size_t>(places[i])] = lane(slope, i);
    total += where(number < Lanes(static_cast<float>(count)), result.loss, Lanes(0.f));
  });
  return sum(total);
}

template <int N, TargetScale kScale, FocalWeight kFocal>
__global__ void loss_of_rows(double* __restrict__ row_losses, float* __restrict__ gradient,
                             const float* __restrict__ heatmaps, const float* __restrict__ embeddings,
                             const std::uint8_t* __restrict__ masks, const Joint* __restrict__ joints,
                             const int* __restrict__ rows, Geometry shape, float factor) {
  __shared__ Tile tile;
  const int row = static_cast<int>(blockIdx.x);
  double total = 0;
  for (int left = 0; left < shape.width; left += shape.chunk) {
    const Chunk chunk = chunk_of<N>(row, left, shape);
    const std::size_t end =
        chunk.first + static_cast<std::size_t>(chunk.right - chunk.left) * static_cast<std::size_t>(shape.channels);
    make_tile<N, kScale>(tile, masks, embeddings, joints, rows, shape, chunk);
    const std::size_t aligned = min((chunk.first + N - 1) / N * N, end), whole = aligned + (end - aligned) / N * N;
    total += work_background<1, kFocal>(gradient, heatmaps, tile, chunk, chunk.first, aligned, factor);
    total += work_background<N, kFocal>(gradient, heatmaps, tile, chunk, aligned, whole, factor);
    total += work_background<1, kFocal>(gradient, heatmaps, tile, chunk, whole, end, factor);
    __syncthreads();
    total += work_windows<kScale, kFocal>(gradient, heatmaps, tile, joints, rows, shape, chunk, factor);
    __syncthreads();
  }
  total = block_sum(total);
  if (thread_number() == 0) row_losses[row] = total;
}

template <TargetScale kScale>
__global__ void targets_of_rows(float* __restrict__ targets, const float* __restrict__ embeddings,
                                const Joint* __restrict__ joints, const int* __restrict__ rows, Geometry shape) {
  __shared__ Tile tile;
  for (int left = 0; left < shape.width; left += shape.chunk) {
    const Chunk chunk = chunk_of<1>(static_cast<int>(blockIdx.x), left, shape);
    make_tile<1, kScale>(tile, nullptr, embeddings, joints, rows, shape, chunk);
    const int elements = (chunk.right - chunk.left) * shape.channels;
    for (int i = thread_number(); i < elements; i += thread_count())
      targets[chunk.first + static_cast<std::size_t>(i)] = 0.f;
    __syncthreads();
    each_exponent<kScale>(tile, joints, rows, shape, chunk,
                          [&](Vec<kGathered> exponents, const int* places, int count) {
                            const Vec<kGathered> values = exp(-exponents);
                            for (int i = 0; i < count; ++i)
                              targets[chunk.first + static_cast<std::size_t>(places[i])] = lane(values, i);
                          });
    __syncthreads();
  }
}

__global__ void mean_of_rows(double* __restrict__ loss, const double* __restrict__ row_losses, int rows,
                             double elements) {
  double total = 0;
  for (int row = static_cast<int>(threadIdx.x); row < rows; row += static_cast<int>(blockDim.x))
    total += row_losses[row];
  total = block_sum(total);
  if (threadIdx.x == 0) loss[0] = total / elements;
}

// Workspace: the sorted joints, the rows' losses, where rows begin among the joints.
struct Workspace {
  Joint* joints;
  double* row_losses;
  int* rows;
  std::size_t bytes;
};

Workspace divide(std::byte* workspace, const HeatmapLossShape& shape) {
  const auto joints = static_cast<std::size_t>(shape.people) * static_cast<std::size_t>(shape.keypoints);
  const std::size_t rows = static_cast<std::size_t>(shape.pictures) * static_cast<std::size_t>(shape.height);
  const std::size_t losses_at = joints * sizeof(Joint), starts_at = losses_at + rows * sizeof(double);
  const std::size_t bytes = starts_at + (rows + static_cast<std::size_t>(shape.pictures)) * sizeof(int);
  if (workspace == nullptr) return {nullptr, nullptr, nullptr, bytes};
  return {reinterpret_cast<Joint*>(workspace), reinterpret_cast<double*>(workspace + losses_at),
          reinterpret_cast<int*>(workspace + starts_at), bytes};
}

Geometry geometry(const HeatmapLossShape& shape, const HeatmapLossRule& rule) {
  require(shape.keypoints >= 1 && shape.keypoints <= kMaxHeatmapChannels, "heatmaps have 1 to 256 channels");
  require(shape.embedding_width <= shape.width && shape.embedding_height <= shape.height,
          "embeddings are not larger than heatmaps");
  const int most = kTile / shape.keypoints, even = pieces(shape.width, pieces(shape.width, most));
  const int rounded = pieces(even, 8) * 8;  // keeps chunks aligned
  return {.height = shape.height,
          .width = shape.width,
          .channels = shape.keypoints,
          .embedding_height = shape.embedding_height,
          .embedding_width = shape.embedding_width,
          .embedding_dim = shape.embedding_dim,
          .chunk = rounded <= most ? rounded : even,
          .radius = static_cast<int>(3 * rule.sigma + 1),
          .inverse_two_variance = static_cast<float>(1 / (2 * rule.sigma * rule.sigma)),
          .theta_squared = static_cast<float>(rule.theta * rule.theta),
          .beta = static_cast<float>(rule.beta)};
}

// 16 neighbouring pixels of a window along x, channels along y.
dim3 window_block(LaunchOptions options) {
  const auto threads = static_cast<unsigned>(options.threads);
  return threads % 16 == 0 ? dim3(16, threads / 16) : dim3(threads);
}

void sort_joints(const Stream& stream, const Workspace& work, const HeatmapLossInputs& inputs,
                 const HeatmapLossShape& shape, const HeatmapLossRule& rule, LaunchOptions options) {
  const double* scales = rule.targets == TargetScale::instance ? inputs.person_scales : nullptr;
  launch(index_joints, static_cast<unsigned>(shape.pictures), static_cast<unsigned>(options.threads), stream,
         work.joints, work.rows, inputs.keypoints, inputs.first_person, scales, shape.height, shape.width,
         shape.keypoints, rule.theta);
}

template <int N>
auto loss_kernel(const HeatmapLossRule& rule) {
  constexpr auto kEmbedding = TargetScale::embedding, kJoint = TargetScale::fixed;
  if (rule.targets == TargetScale::embedding)
    return rule.focal == FocalWeight::on ? loss_of_rows<N, kEmbedding, FocalWeight::on>
                                         : loss_of_rows<N, kEmbedding, FocalWeight::off>;
  return rule.focal == FocalWeight::on ? loss_of_rows<N, kJoint, FocalWeight::on>
                                       : loss_of_rows<N, kJoint, FocalWeight::off>;
}

unsigned rows_of(const HeatmapLossShape& shape) {
  return static_cast<unsigned>(shape.pictures) * static_cast<unsigned>(shape.height);
}

}  // namespace

std::size_t heatmap_loss_workspace(const HeatmapLossShape& shape) { return divide(nullptr, shape).bytes; }

void heatmap_loss(const Stream& stream, double* loss, float* gradient, std::byte* workspace,
                  const HeatmapLossInputs& inputs, const HeatmapLossShape& shape, const HeatmapLossRule& rule,
                  double gradient_factor, LaunchOptions launch_options) {
  const Workspace work = divide(workspace, shape);
  const Geometry sizes = geometry(shape, rule);
  const double elements = static_cast<double>(rows_of(shape)) * shape.width * shape.keypoints;
  sort_joints(stream, work, inputs, shape, rule, launch_options);
  const bool vectors = fits_vectors<float>(0, gradient, inputs.heatmaps, inputs.embeddings);
  launch(vectors ? loss_kernel<kLanes<float>>(rule) : loss_kernel<1>(rule), rows_of(shape),
         window_block(launch_options), stream, work.row_losses, gradient, inputs.heatmaps, inputs.embeddings,
         inputs.masks, work.joints, work.rows, sizes, static_cast<float>(gradient_factor / elements));
  launch(mean_of_rows, 1, static_cast<unsigned>(launch_options.threads), stream, loss, work.row_losses,
         static_cast<int>(rows_of(shape)), elements);
}

void heatmap_targets(const Stream& stream, float* targets, std::byte* workspace, const HeatmapLossInputs& inputs,
                     const HeatmapLossShape& shape, const HeatmapLossRule& rule, LaunchOptions launch_options) {
  const Workspace work = divide(workspace, shape);
  sort_joints(stream, work, inputs, shape, rule, launch_options);
  launch(rule.targets == TargetScale::embedding ? targets_of_rows<TargetScale::embedding>
                                                : targets_of_rows<TargetScale::fixed>,
         rows_of(shape), window_block(launch_options), stream, targets, inputs.embeddings, work.joints, work.rows,
         geometry(shape, rule));
}

}  // namespace posecu
