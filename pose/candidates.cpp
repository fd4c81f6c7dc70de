#include "pose/candidates.h"

#include <algorithm>
#include <cmath>

#include "kernels/peaks.h"
#include "kernels/top_peaks.h"

namespace posecu {

Peaks search_peaks(Context& context, const AggregatedMaps& maps, const DecodeOptions& options) {
  const BaseHeatmaps& heatmaps = maps.heatmaps();
  const BaseEmbeddings& embeddings = maps.embeddings();
  const TileGrid tiles = tile_grid(heatmaps);
  const int keypoints = heatmaps.keypoints, most = options.max_people;
  Peaks peaks{context.tensor<std::uint32_t>({keypoints, heatmaps.height, tiles.columns}, MemoryClass::workspace),
              context.tensor<float>({keypoints, tiles.tiles()}, MemoryClass::workspace),
              context.tensor<int>({keypoints, tiles.tiles()}, MemoryClass::workspace),
              context.tensor<float>({keypoints, most, candidate_size(embeddings)}, MemoryClass::workspace)};
  const auto scratch = context.tensor<PlacedValue>({keypoints, 2, most}, MemoryClass::workspace);
  find_peaks(context.stream(), {peaks.words.data(), peaks.tile_values.data(), peaks.tile_places.data()}, heatmaps,
             {options.nms_kernel, static_cast<float>(options.threshold)});
  top_peaks(context.stream(), peaks.candidates.data(), scratch.data(), peaks.words.data(), heatmaps, embeddings, most);
  return peaks;
}

std::vector<std::vector<Candidate>> highest_peaks(Context& context, const Peaks& peaks) {
  const auto most = static_cast<std::size_t>(peaks.candidates.size(1));
  const auto size = static_cast<std::ptrdiff_t>(peaks.candidates.size(2));
  const std::vector<float> rows = context.download<float>(peaks.candidates);
  std::vector<std::vector<Candidate>> candidates(static_cast<std::size_t>(peaks.candidates.size(0)));
  auto row = rows.begin();
  for (auto& list : candidates)
    for (std::size_t i = 0; i < most; ++i, row += size) {
      const auto tag = row + kCandidateHead, end = row + size;
      if (row[0] < 0 || !std::all_of(tag, end, [](float value) { return std::isfinite(value); })) continue;
      list.push_back({static_cast<int>(row[0]), static_cast<int>(row[1]), row[2], row[3], row[4], {tag, end}});
    }
  return candidates;
}

}  // namespace posecu
