#include "pose/candidates.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/peaks.h"
#include "pose/readings.h"

namespace posecu {
namespace {

struct Found {
  Place place;
  Reading reading;
};

// The places of one keypoint's peaks, row by row.
std::vector<Place> places_of(const Peaks& peaks, int keypoint) {
  std::vector<Place> places;
  const int height = peaks.words.size(1), columns = peaks.words.size(2);
  const std::uint32_t* word =
      peaks.words.data() + static_cast<std::size_t>(keypoint) * static_cast<std::size_t>(height * columns);
  for (int y = 0; y < height; ++y)
    for (int column = 0; column < columns; ++column, ++word)
      for (std::uint32_t bits = *word; bits != 0; bits &= bits - 1)
        places.push_back({keypoint, column * kMapTile + std::countr_zero(bits), y});
  return places;
}

// The highest `most` of one keypoint's peaks, highest first.
std::vector<Found> highest(Context& context, const AggregatedMaps& maps, const std::vector<Place>& places, int most) {
  const std::vector<Reading> readings = readings_at(context, maps, places);
  std::vector<Found> found;
  for (std::size_t i = 0; i < places.size(); ++i)
    if (std::isfinite(readings[i].value)) found.push_back({places[i], readings[i]});
  std::ranges::stable_sort(found, std::greater(), [](const Found& f) { return f.reading.value; });
  found.resize(std::min(found.size(), static_cast<std::size_t>(most)));
  return found;
}

}  // namespace

Peaks search_peaks(Context& context, const AggregatedMaps& maps, const DecodeOptions& options) {
  const BaseHeatmaps& heatmaps = maps.heatmaps();
  const TileGrid tiles = tile_grid(heatmaps);
  Peaks peaks{
      context.tensor<std::uint32_t>({heatmaps.keypoints, heatmaps.height, tiles.columns}, MemoryClass::workspace),
      context.tensor<float>({heatmaps.keypoints, tiles.tiles()}, MemoryClass::workspace),
      context.tensor<int>({heatmaps.keypoints, tiles.tiles()}, MemoryClass::workspace)};
  find_peaks(context.stream(), {peaks.words.data(), peaks.tile_values.data(), peaks.tile_places.data()}, heatmaps,
             {options.nms_kernel, static_cast<float>(options.threshold)});
  return peaks;
}

std::vector<std::vector<Candidate>> highest_peaks(Context& context, const AggregatedMaps& maps, const Peaks& peaks,
                                                  const DecodeOptions& options) {
  std::vector<Found> all;
  for (int k = 0; k < maps.heatmaps().keypoints; ++k) {
    const std::vector<Found> found = highest(context, maps, places_of(peaks, k), options.max_people);
    all.insert(all.end(), found.begin(), found.end());
  }
  std::vector<Place> places;
  for (const Found& found : all) places.push_back(found.place);
  const std::vector<float> tags = tags_at(context, maps, places);

  std::vector<std::vector<Candidate>> candidates(static_cast<std::size_t>(maps.heatmaps().keypoints));
  auto tag = tags.begin();
  for (const auto& [place, reading] : all) {
    const auto end = tag + maps.embeddings().tag_size();
    if (std::all_of(tag, end, [](float value) { return std::isfinite(value); }))
      candidates[static_cast<std::size_t>(place.keypoint)].push_back(
          {place.x, place.y, reading.value, reading.dx, reading.dy, {tag, end}});
    tag = end;
  }
  return candidates;
}

}  // namespace posecu
