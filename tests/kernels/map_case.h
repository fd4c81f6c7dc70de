// Random maps for the kernels of decoding, beside the same maps for their references.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernel_test.h"
#include "kernels/base_maps.h"
#include "kernels/peaks.h"
#include "tests/reference/base_maps.h"

namespace posecu {

struct MapSizes {
  int keypoints = 1, dims = 1, sides = 1, height = 1, width = 1;  // base size
  std::vector<std::pair<int, int>> scales;                        // height, width of each scale's heatmaps
  int tag_height = 1, tag_width = 1;
};

// What the values are: numbers of few levels, exact at one scale of the base size and full of ties, or any.
enum class Numbers { eighths, any };

inline std::vector<double> draw_values(const std::string& name, std::uint64_t seed, std::size_t n, double limit,
                                       Numbers kind) {
  std::vector<double> values = draw<float>(name, seed, n, -limit, limit);
  if (kind == Numbers::eighths)
    for (double& value : values) value = std::nearbyint(value * 8) / 8;
  return values;
}

inline reference::Maps drawn_maps(const MapSizes& sizes, std::uint64_t seed, double tag_limit, Numbers kind) {
  reference::Maps maps{sizes.keypoints, sizes.dims, sizes.sides, sizes.height, sizes.width, {}, sizes.tag_height,
                       sizes.tag_width, {},         {}};
  const auto count = [&](int height, int width, int channels) {
    return static_cast<std::size_t>(sizes.sides) * static_cast<std::size_t>(height * width * channels);
  };
  for (const auto& [height, width] : sizes.scales)
    maps.scales.push_back({height, width,
                           draw_values("heat" + std::to_string(maps.scales.size()), seed,
                                       count(height, width, sizes.keypoints), 1, kind)});
  maps.embeddings = draw_values("tags", seed, count(sizes.tag_height, sizes.tag_width, sizes.keypoints * sizes.dims),
                                tag_limit, kind);
  if (kind == Numbers::eighths)
    for (double& value : maps.embeddings) value = std::nearbyint(value);
  for (int k = 0; k < sizes.keypoints; ++k)
    maps.flip.push_back(k % 2 == 0 ? std::min(k + 1, sizes.keypoints - 1) : k - 1);
  return maps;
}

inline FlipTable flip_table(const reference::Maps& maps) {
  FlipTable table;
  for (std::size_t k = 0; k < maps.flip.size(); ++k) table.other[k] = static_cast<std::uint8_t>(maps.flip[k]);
  return table;
}

template <class T>
std::unique_ptr<Buffer<T>> buffer_of(const std::vector<T>& values) {
  auto buffer = std::make_unique<Buffer<T>>(values.size());
  std::ranges::copy(values, buffer->host().begin());
  return buffer;
}

// The maps in memory that kernels reach, averaged by average_sides.
class MapBuffers {
 public:
  MapBuffers(const reference::Maps& maps, const KernelRun& run)
      : embeddings_(std::make_unique<Buffer<float>>(maps.embeddings)) {
    heatmaps_.keypoints = maps.keypoints;
    heatmaps_.height = maps.height, heatmaps_.width = maps.width;
    for (const auto& scale : maps.scales) {
      const Buffer<float> cells(scale.heatmaps);
      planes_.push_back(std::make_unique<Buffer<float>>(scale.heatmaps.size() / static_cast<std::size_t>(maps.sides)));
      average_sides(run.stream, planes_.back()->data(), cells.data(), flip_table(maps),
                    {maps.sides, scale.height, scale.width, maps.keypoints}, run.options);
      heatmaps_.scales[heatmaps_.scale_count++] = {planes_.back()->data(), scale.height, scale.width};
    }
    tags_ = {embeddings_->data(), maps.sides,  maps.tag_height, maps.tag_width,  maps.keypoints,
             maps.dims,           maps.height, maps.width,      flip_table(maps)};
  }

  const BaseHeatmaps& heatmaps() const { return heatmaps_; }
  const BaseEmbeddings& embeddings() const { return tags_; }
  std::vector<double> plane(std::size_t scale) const { return planes_[scale]->values(); }

 private:
  std::unique_ptr<Buffer<float>> embeddings_;
  std::vector<std::unique_ptr<Buffer<float>>> planes_;
  BaseHeatmaps heatmaps_;
  BaseEmbeddings tags_;
};

inline std::vector<Place> all_places(const reference::Maps& maps) {
  std::vector<Place> places;
  for (int k = 0; k < maps.keypoints; ++k)
    for (int y = 0; y < maps.height; ++y)
      for (int x = 0; x < maps.width; ++x) places.push_back({k, x, y});
  return places;
}

}  // namespace posecu
