#include "pose/readings.h"

#include <algorithm>

namespace posecu {
namespace {

Tensor<Place> stored(Context& context, std::span<const Place> places) {
  Tensor<Place> result = context.tensor<Place>({static_cast<int>(places.size())}, MemoryClass::workspace);
  std::ranges::copy(places, result.data());
  return result;
}

}  // namespace

std::vector<Reading> readings_at(Context& context, const AggregatedMaps& maps, std::span<const Place> places) {
  if (places.empty()) return {};
  const int n = static_cast<int>(places.size());
  const Tensor<Place> at = stored(context, places);
  const Tensor<Reading> readings = context.tensor<Reading>({n}, MemoryClass::workspace);
  read_heatmaps(context.stream(), readings.data(), maps.heatmaps(), at.data(), n);
  return {readings.view().begin(), readings.view().end()};
}

std::vector<float> tags_at(Context& context, const AggregatedMaps& maps, std::span<const Place> places) {
  if (places.empty()) return {};
  const int n = static_cast<int>(places.size());
  const Tensor<Place> at = stored(context, places);
  const Tensor<float> tags = context.tensor<float>({n, maps.embeddings().tag_size()}, MemoryClass::workspace);
  read_embeddings(context.stream(), tags.data(), maps.embeddings(), at.data(), n);
  return {tags.view().begin(), tags.view().end()};
}

}  // namespace posecu
