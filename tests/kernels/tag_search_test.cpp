// Embeddings at base size, and the search for missing keypoints.
#include "kernels/tag_search.h"

#include "map_case.h"

namespace posecu {
namespace {

TEST(Embeddings, AreThoseOfTheReference) {
  const std::vector<MapSizes> cases = {{1, 1, 1, 1, 1, {{1, 1}}, 1, 1},
                                       {3, 2, 2, 7, 5, {{7, 5}}, 3, 2},
                                       {2, 8, 2, 17, 33, {{17, 33}}, 5, 9},
                                       {2, 3, 1, 20, 13, {{20, 13}}, 31, 29}};
  for (const MapSizes& sizes : cases) {
    const reference::Maps maps = drawn_maps(sizes, 1, 3, Numbers::any);
    const std::vector<Place> places = all_places(maps);
    SameBits same;
    for_each_run([&](const KernelRun& run) {
      const MapBuffers buffers(maps, run);
      const auto at = buffer_of(places);
      const auto size = static_cast<std::size_t>(maps.sides * maps.dims);
      Buffer<float> tags(places.size() * size);
      read_embeddings(run.stream, tags.data(), buffers.embeddings(), at->data(), static_cast<int>(places.size()),
                      run.options);
      same.everywhere(run, "tags", tags.bytes());
      for (std::size_t i = 0; i < places.size(); ++i) {
        const std::vector<double> expected =
            reference::embedding_at(maps, places[i].keypoint, places[i].x, places[i].y);
        // Places are computed in float: up to 4e-6 of a cell, where embeddings change by up to 6.
        for (std::size_t t = 0; t < size; ++t) ASSERT_NEAR(static_cast<double>(tags[i * size + t]), expected[t], 3e-5);
      }
    });
  }
}

// People with embeddings, each of whom misses some keypoints.
struct Search {
  std::vector<double> tags;  // [people,T]
  std::vector<Missing> missing;
  std::vector<int> first;
};

Search drawn_search(const reference::Maps& maps, int people, double limit, Numbers kind) {
  Search search;
  search.tags = draw_values("people", 1, static_cast<std::size_t>(people * maps.sides * maps.dims), limit, kind);
  if (kind == Numbers::eighths)
    for (double& value : search.tags) value = std::nearbyint(value);
  for (int k = 0; k < maps.keypoints; ++k) {
    search.first.push_back(static_cast<int>(search.missing.size()));
    for (int p = 0; p < people; ++p)
      if ((k + p) % 3 != 0) search.missing.push_back({k, p});
  }
  search.first.push_back(static_cast<int>(search.missing.size()));
  return search;
}

std::vector<Match> run_search(const reference::Maps& maps, const Search& search, const KernelRun& run) {
  const MapBuffers buffers(maps, run);
  const auto keypoints = static_cast<std::size_t>(maps.keypoints), missing = search.missing.size();
  const auto tiles = static_cast<std::size_t>(tile_grid(buffers.heatmaps()).tiles());
  const std::size_t per_tile = keypoints * tiles * static_cast<std::size_t>(maps.sides * maps.dims);
  Buffer<std::uint32_t> words(keypoints *
                              static_cast<std::size_t>(maps.height * tile_grid(buffers.heatmaps()).columns));
  Buffer<float> tile_values(keypoints * tiles), lows(per_tile), highs(per_tile), top_tags(per_tile), bounds(missing);
  Buffer<int> tile_places(keypoints * tiles);
  Buffer<PlacedValue> tile_matches(missing * tiles);
  Buffer<Match> matches(missing);
  const Buffer<float> tags(search.tags);
  const auto list = buffer_of(search.missing);
  const auto first = buffer_of(search.first);
  find_peaks(run.stream, {words.data(), tile_values.data(), tile_places.data()}, buffers.heatmaps(), {5, 0.1f},
             run.options);
  search_missing(run.stream, matches.data(),
                 {lows.data(), highs.data(), top_tags.data(), bounds.data(), tile_matches.data()}, buffers.heatmaps(),
                 buffers.embeddings(),
                 {list->data(), first->data(), tags.data(), tile_values.data(), tile_places.data()},
                 {static_cast<int>(missing), static_cast<int>(tiles)}, run.options);
  return {matches.host().begin(), matches.host().end()};
}

std::vector<double> tag_of(const Search& search, const reference::Maps& maps, int person) {
  const auto size = static_cast<std::ptrdiff_t>(maps.sides * maps.dims);
  const auto begin = search.tags.begin() + person * size;
  return {begin, begin + size};
}

// value - round(distance) at every pixel for each missing keypoint.
std::vector<std::vector<double>> all_fits(const reference::Maps& maps, const Search& search) {
  std::vector<std::vector<double>> result;
  for (const auto& [keypoint, person] : search.missing)
    result.push_back(reference::fits(maps, keypoint, tag_of(search, maps, person)));
  return result;
}

// Whole numbers as embeddings and eighths as heatmaps: distances round without doubt, and many places are equal.
TEST(TagSearch, FindsTheFirstOfEqualPlaces) {
  for (const MapSizes& sizes : {MapSizes{3, 8, 2, 45, 70, {{45, 70}}, 45, 70},
                                {2, 3, 1, 33, 9, {{33, 9}}, 33, 9},
                                {4, 1, 2, 8, 40, {{8, 40}}, 8, 40}}) {
    const reference::Maps maps = drawn_maps(sizes, 2, 1.4, Numbers::eighths);
    const Search search = drawn_search(maps, 4, 1.4, Numbers::eighths);
    const auto fits = all_fits(maps, search);
    for_each_run([&](const KernelRun& run) {
      const std::vector<Match> matches = run_search(maps, search, run);
      for (std::size_t i = 0; i < matches.size(); ++i) {
        const auto best = std::ranges::max_element(fits[i]);  // the first of equal ones
        ASSERT_EQ(matches[i].fit.place, static_cast<int>(best - fits[i].begin())) << run.name;
        ASSERT_EQ(static_cast<double>(matches[i].fit.value), *best);
      }
    });
  }
}

// Interpolated maps: embeddings far from zero, alike within a region and different between regions, as bounds like
// them least. The found place must be as good as the best but for rounding.
TEST(TagSearch, MissesNoBetterPlaceOfInterpolatedMaps) {
  for (const double offset : {0.0, 100.0}) {
    reference::Maps maps = drawn_maps({3, 8, 2, 70, 90, {{35, 45}, {18, 23}}, 18, 23}, 4, 1.5, Numbers::any);
    for (double& value : maps.embeddings) value += offset;
    Search search = drawn_search(maps, 5, 2, Numbers::any);
    for (double& value : search.tags) value = static_cast<double>(static_cast<float>(value + offset));
    const auto fits = all_fits(maps, search);
    for_each_run([&](const KernelRun& run) {
      const std::vector<Match> matches = run_search(maps, search, run);
      for (std::size_t i = 0; i < matches.size(); ++i) {
        const double best = *std::ranges::max_element(fits[i]);
        ASSERT_GE(matches[i].fit.place, 0);
        ASSERT_NEAR(fits[i][static_cast<std::size_t>(matches[i].fit.place)], best, 1e-5) << run.name;
        ASSERT_NEAR(static_cast<double>(matches[i].fit.value), best, 1e-5) << run.name;
      }
    });
  }
}

// The best place is neither its tile's highest nor in the tile that looks best at first, and its distance is just below
// one half.
TEST(TagSearch, BoundsHaveNoMoreThanTheyMust) {
  reference::Maps maps = drawn_maps({1, 1, 1, 32, 64, {{32, 64}}, 32, 64}, 1, 1, Numbers::eighths);
  std::ranges::fill(maps.scales[0].heatmaps, 0.0);
  std::ranges::fill(maps.embeddings, 5.0);
  const auto put = [&maps](int x, int y, double value, double tag) {
    const auto at = static_cast<std::size_t>(y * 64 + x);
    maps.scales[0].heatmaps[at] = value, maps.embeddings[at] = tag;
  };
  put(5, 5, 0.875, 5);
  put(20, 20, 0.5, 0.4375);
  put(40, 10, 0.25, 0);
  const Search search{{0.0}, {{0, 0}}, {0, 1}};
  for_each_run([&](const KernelRun& run) {
    const PlacedValue match = run_search(maps, search, run)[0].fit;
    EXPECT_EQ(match.place, 20 * 64 + 20);
    EXPECT_EQ(match.value, 0.5f);
  });
}

TEST(TagSearch, FindsNothingWhereNoEmbeddingIsANumber) {
  reference::Maps maps = drawn_maps({1, 2, 1, 9, 9, {{9, 9}}, 9, 9}, 3, 1, Numbers::eighths);
  std::ranges::fill(maps.embeddings, std::numeric_limits<double>::quiet_NaN());
  const Search search = drawn_search(maps, 3, 1, Numbers::eighths);
  for_each_run([&](const KernelRun& run) {
    for (const Match& match : run_search(maps, search, run)) EXPECT_EQ(match.fit.place, -1);
  });
}

}  // namespace
}  // namespace posecu
