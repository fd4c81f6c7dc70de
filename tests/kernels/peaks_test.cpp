// Heatmaps at base size and their peaks.
#include "kernels/peaks.h"

#include "kernels/tag_search.h"
#include "map_case.h"

namespace posecu {
namespace {

// Sums of at most 4 cells a scale and side, each with two roundings of weights and products; places in float.
constexpr double kRounding = 4e-6;

const std::vector<MapSizes> kMapSizes = {
    {1, 1, 1, 1, 1, {{1, 1}}, 1, 1},
    {3, 2, 2, 7, 5, {{7, 5}}, 3, 2},
    {2, 8, 2, 34, 66, {{17, 33}}, 9, 17},
    {2, 3, 1, 40, 33, {{20, 17}, {10, 9}, {61, 50}}, 5, 7},
    {5, 8, 2, 64, 37, {{16, 10}, {32, 19}}, 16, 10},
};

TEST(Heatmaps, AveragedSidesAreThoseOfTheReference) {
  for (const MapSizes& sizes : kMapSizes) {
    const reference::Maps maps = drawn_maps(sizes, 1, 1, Numbers::any);
    for_each_run([&](const KernelRun& run) {
      const MapBuffers buffers(maps, run);
      for (std::size_t s = 0; s < maps.scales.size(); ++s) {
        reference::Maps one = maps;  // at its own size nothing is interpolated
        one.scales = {maps.scales[s]};
        one.height = maps.scales[s].height, one.width = maps.scales[s].width;
        const std::vector<double> plane = buffers.plane(s);
        for (const auto& [k, x, y] : all_places(one))
          ASSERT_NEAR(plane[static_cast<std::size_t>((k * one.height + y) * one.width + x)],
                      reference::heatmap_at(one, k, x, y), 1e-7);
      }
    });
  }
}

TEST(Heatmaps, ReadingsAreThoseOfTheReference) {
  for (const MapSizes& sizes : kMapSizes) {
    const reference::Maps maps = drawn_maps(sizes, 2, 1, Numbers::any);
    const std::vector<Place> places = all_places(maps);
    SameBits same;
    for_each_run([&](const KernelRun& run) {
      const MapBuffers buffers(maps, run);
      const auto at = buffer_of(places);
      Buffer<Reading> readings(places.size());
      read_heatmaps(run.stream, readings.data(), buffers.heatmaps(), at->data(), static_cast<int>(places.size()),
                    run.options);
      same.everywhere(run, "readings", readings.bytes());
      for (std::size_t i = 0; i < places.size(); ++i) {
        const auto [k, x, y] = places[i];
        const auto value = [&, keypoint = k](int u, int v) {
          return reference::heatmap_at(maps, keypoint, std::clamp(u, 0, maps.width - 1),
                                       std::clamp(v, 0, maps.height - 1));
        };
        ASSERT_NEAR(static_cast<double>(readings[i].value), value(x, y), kRounding);
        const double right = value(x + 1, y) - value(x - 1, y), down = value(x, y + 1) - value(x, y - 1);
        ASSERT_TRUE(std::abs(right) < kRounding || readings[i].dx == (right > 0 ? 0.25f : -0.25f));
        ASSERT_TRUE(std::abs(down) < kRounding || readings[i].dy == (down > 0 ? 0.25f : -0.25f));
      }
    });
  }
}

// What find_peaks wrote.
struct Found {
  Buffer<std::uint32_t> words;
  Buffer<float> tile_values;
  Buffer<int> tile_places;
  int columns, height;

  Found(const MapBuffers& maps, PeakOptions options, const KernelRun& run)
      : words(static_cast<std::size_t>(maps.heatmaps().keypoints * maps.heatmaps().height *
                                       tile_grid(maps.heatmaps()).columns)),
        tile_values(static_cast<std::size_t>(maps.heatmaps().keypoints * tile_grid(maps.heatmaps()).tiles())),
        tile_places(tile_values.size()),
        columns(tile_grid(maps.heatmaps()).columns),
        height(maps.heatmaps().height) {
    find_peaks(run.stream, {words.data(), tile_values.data(), tile_places.data()}, maps.heatmaps(), options,
               run.options);
  }
  bool peak(int k, int x, int y) const {
    return (words[static_cast<std::size_t>((k * height + y) * columns + x / kMapTile)] >> (x % kMapTile) & 1u) != 0;
  }
};

double largest_around(const reference::Maps& maps, const std::vector<double>& map, int x, int y, int reach) {
  double largest = -INFINITY;
  for (int v = std::max(y - reach, 0); v <= std::min(y + reach, maps.height - 1); ++v)
    for (int u = std::max(x - reach, 0); u <= std::min(x + reach, maps.width - 1); ++u)
      if (u != x || v != y) largest = std::max(largest, map[static_cast<std::size_t>(v * maps.width + u)]);
  return largest;
}

// Every pixel is or is no peak as the reference says, unless that hangs on less than `room`.
void check_peaks(const reference::Maps& maps, PeakOptions options, double room) {
  std::vector<std::vector<double>> expected;
  for (int k = 0; k < maps.keypoints; ++k) expected.push_back(reference::heatmap(maps, k));
  for_each_run([&](const KernelRun& run) {
    const MapBuffers buffers(maps, run);
    const Found found(buffers, options, run);
    const double threshold = static_cast<double>(options.threshold);
    for (int k = 0; k < maps.keypoints; ++k) {
      const std::vector<double>& map = expected[static_cast<std::size_t>(k)];
      for (int y = 0; y < maps.height; ++y)
        for (int x = 0; x < maps.width; ++x) {
          const double value = map[static_cast<std::size_t>(y * maps.width + x)];
          const double around = largest_around(maps, map, x, y, options.window / 2);
          const bool surely = value > threshold + room && value >= around + room;
          const bool never = value <= threshold - room || value < around - room;
          if (!surely && !never) continue;
          ASSERT_EQ(found.peak(k, x, y), surely) << run.name << ' ' << k << ' ' << x << ' ' << y;
        }
    }
  });
}

TEST(Peaks, OfExactMapsAreExactWithTheirTies) {
  for (const int window : {1, 5, 7, 15})
    for (const int sides : {1, 2}) {
      const reference::Maps maps =
          drawn_maps({2, 1, sides, 45, 70, {{45, 70}}, 1, 1}, static_cast<std::uint64_t>(window), 1, Numbers::eighths);
      check_peaks(maps, {window, 0.25f}, 0);
    }
}

TEST(Peaks, OfInterpolatedMapsAreThoseOfTheReference) {
  for (const MapSizes& sizes : kMapSizes) check_peaks(drawn_maps(sizes, 3, 1, Numbers::any), {5, 0.1f}, 2 * kRounding);
}

TEST(Peaks, ThresholdIsExclusive) {
  reference::Maps maps = drawn_maps({1, 1, 1, 3, 3, {{3, 3}}, 1, 1}, 1, 1, Numbers::eighths);
  std::ranges::fill(maps.scales[0].heatmaps, 0.0);
  maps.scales[0].heatmaps[4] = 0.5;
  for_each_run([&](const KernelRun& run) {
    const MapBuffers buffers(maps, run);
    EXPECT_FALSE(Found(buffers, {3, 0.5f}, run).peak(0, 1, 1));
    EXPECT_TRUE(Found(buffers, {3, 0.49f}, run).peak(0, 1, 1));
  });
}

TEST(Peaks, HighestPixelOfEachTileIsItsFirst) {
  const reference::Maps maps = drawn_maps({2, 1, 2, 45, 70, {{45, 70}}, 1, 1}, 5, 1, Numbers::eighths);
  for_each_run([&](const KernelRun& run) {
    const MapBuffers buffers(maps, run);
    const Found found(buffers, {5, 2.f}, run);
    const TileGrid grid = tile_grid(buffers.heatmaps());
    for (int k = 0; k < maps.keypoints; ++k)
      for (int tile = 0; tile < grid.tiles(); ++tile) {
        double best = -INFINITY;
        int place = -1;
        for (int y = tile / grid.columns * kMapTile; y < std::min((tile / grid.columns + 1) * kMapTile, maps.height);
             ++y)
          for (int x = tile % grid.columns * kMapTile; x < std::min((tile % grid.columns + 1) * kMapTile, maps.width);
               ++x)
            if (const double value = reference::heatmap_at(maps, k, x, y); value > best)
              best = value, place = y * maps.width + x;
        const auto number = static_cast<std::size_t>(k * grid.tiles() + tile);
        ASSERT_EQ(static_cast<double>(found.tile_values[number]), best);
        ASSERT_EQ(found.tile_places[number], place);
      }
  });
}

}  // namespace
}  // namespace posecu
