#include "pose/aggregate.h"

#include <string>

#include "kernels/peaks.h"

namespace posecu {
namespace {

void check_source(const MapSource& source, const MapSource& first, BaseSize base) {
  const Shape& shape = source.heatmaps.shape();
  require(shape.rank() == 4 && (shape[0] == 1 || shape[0] == 2), "heatmaps [1 or 2,h,w,K]");
  require(shape[0] == first.heatmaps.size(0) && shape[3] == first.heatmaps.size(3), "sources of equal sides and K");
  if (shape[1] > 2 * base.height || shape[2] > 2 * base.width) {
    throw UsageError("cannot decode heatmaps of " + to_string(shape) + ": more than twice the network's input of " +
                     std::to_string(base.width) + "x" + std::to_string(base.height) +
                     "\n  try: smaller numbers in eval.scales");
  }
}

FlipTable flip_table(std::span<const int> flip) {
  if (flip.size() > kMaxKeypoints)
    throw UsageError("cannot decode " + std::to_string(flip.size()) + " keypoints: the most is " +
                     std::to_string(kMaxKeypoints));
  FlipTable table;
  for (std::size_t k = 0; k < flip.size(); ++k) table.other[k] = static_cast<std::uint8_t>(flip[k]);
  return table;
}

BaseEmbeddings base_embeddings(const MapSource& source, BaseSize base, const FlipTable& flip) {
  const Shape &shape = source.embeddings.shape(), &heatmaps = source.heatmaps.shape();
  const int keypoints = heatmaps[3];
  require(shape.rank() == 4 && shape[0] == heatmaps[0] && shape[3] % keypoints == 0, "embeddings [sides,h,w,K*M]");
  BaseEmbeddings maps;
  maps.values = source.embeddings.data();
  maps.flip = flip;
  maps.sides = shape[0], maps.map_height = shape[1], maps.map_width = shape[2];
  maps.keypoints = keypoints, maps.dims = shape[3] / keypoints;
  maps.height = base.height, maps.width = base.width;
  return maps;
}

}  // namespace

AggregatedMaps::AggregatedMaps(Context& context, std::span<const MapSource> sources, BaseSize base,
                               std::span<const int> flip) {
  require(!sources.empty() && base.width > 0 && base.height > 0, "at least one source and a base size");
  if (sources.size() > kMaxScales)
    throw UsageError("cannot average more than " + std::to_string(kMaxScales) + " scales: shorten eval.scales");
  const int keypoints = sources[0].heatmaps.size(3);
  require(flip.size() == static_cast<std::size_t>(keypoints), "a skeleton of K keypoints");

  const FlipTable table = flip_table(flip);
  heatmaps_.keypoints = keypoints;
  heatmaps_.height = base.height, heatmaps_.width = base.width;
  for (const MapSource& source : sources) {
    check_source(source, sources[0], base);
    const HeatmapSides sizes{source.heatmaps.size(0), source.heatmaps.size(1), source.heatmaps.size(2), keypoints};
    planes_.push_back(context.tensor<float>({keypoints, sizes.height, sizes.width}, MemoryClass::workspace));
    average_sides(context.stream(), planes_.back().data(), source.heatmaps.data(), table, sizes);
    heatmaps_.scales[heatmaps_.scale_count++] = {planes_.back().data(), sizes.height, sizes.width};
    if (source.embeddings.empty()) continue;
    require(embeddings_.values == nullptr, "embeddings of one source only");
    embeddings_ = base_embeddings(source, base, table);
  }
  require(embeddings_.keypoints == keypoints, "embeddings of one source");
}

}  // namespace posecu
