#include "pose/refine.h"

namespace posecu {
namespace {

template <class T>
Tensor<T> uploaded(Context& context, const std::vector<T>& values) {
  Tensor<T> result = context.tensor<T>({static_cast<int>(values.size())}, MemoryClass::workspace);
  context.upload(result.view(), values);
  return result;
}

// By keypoint; first[k] .. first[k+1]-1 are those of keypoint k.
struct MissingList {
  std::vector<Missing> missing;
  std::vector<int> first;
};

MissingList list_missing(std::span<const Group> people, int keypoints) {
  MissingList list;
  for (int k = 0; k < keypoints; ++k) {
    list.first.push_back(static_cast<int>(list.missing.size()));
    for (std::size_t p = 0; p < people.size(); ++p)
      if (people[p].joints[static_cast<std::size_t>(k)] == nullptr) list.missing.push_back({k, static_cast<int>(p)});
  }
  list.first.push_back(static_cast<int>(list.missing.size()));
  return list;
}

std::vector<Match> search(Context& context, const AggregatedMaps& maps, const Peaks& peaks,
                          std::span<const Group> people, const MissingList& list) {
  std::vector<float> tags;
  for (const Group& person : people) tags.insert(tags.end(), person.tag.begin(), person.tag.end());
  const SearchSizes sizes{static_cast<int>(list.missing.size()), tile_grid(maps.heatmaps()).tiles()};
  const Tensor<Missing> missing = uploaded(context, list.missing);
  const Tensor<int> first = uploaded(context, list.first);
  const Tensor<float> person_tags = uploaded(context, tags);
  const Shape per_tile{maps.heatmaps().keypoints, sizes.tiles, maps.embeddings().tag_size()};
  const auto workspace = [&context](Shape shape) { return context.tensor<float>(shape, MemoryClass::workspace); };
  const Tensor<float> lows = workspace(per_tile), highs = workspace(per_tile), top_tags = workspace(per_tile);
  const Tensor<float> bounds = workspace({sizes.missing});
  const Tensor<PlacedValue> tile_matches =
      context.tensor<PlacedValue>({sizes.missing, sizes.tiles}, MemoryClass::workspace);
  const Tensor<Match> matches = context.tensor<Match>({sizes.missing}, MemoryClass::workspace);
  search_missing(context.stream(), matches.data(),
                 {lows.data(), highs.data(), top_tags.data(), bounds.data(), tile_matches.data()}, maps.heatmaps(),
                 maps.embeddings(),
                 {missing.data(), first.data(), person_tags.data(), peaks.tile_values.data(), peaks.tile_places.data()},
                 sizes);
  return context.download<Match>(matches);
}

}  // namespace

std::vector<FoundKeypoint> find_missing(Context& context, const AggregatedMaps& maps, const Peaks& peaks,
                                        std::span<const Group> people) {
  const MissingList list = list_missing(people, maps.heatmaps().keypoints);
  if (list.missing.empty()) return {};
  const std::vector<Match> matches = search(context, maps, peaks, people, list);
  std::vector<FoundKeypoint> found;
  const int width = maps.heatmaps().width;
  for (std::size_t i = 0; i < matches.size(); ++i) {
    const auto& [fit, reading] = matches[i];
    if (fit.place < 0) continue;  // no embedding of the map is a number
    const auto [keypoint, person] = list.missing[i];
    found.push_back({keypoint, person, {keypoint, fit.place % width, fit.place / width}, reading});
  }
  return found;
}

}  // namespace posecu
