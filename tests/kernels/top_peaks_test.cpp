// The highest peaks, against sorting all of them.
#include "kernels/top_peaks.h"

#include <limits>

#include "map_case.h"

namespace posecu {
namespace {

// Which pixels are called peaks, as find_peaks writes them.
class Words {
 public:
  Words(const reference::Maps& maps, std::uint64_t seed, double share)
      : columns_((maps.width + kMapTile - 1) / kMapTile),
        height_(maps.height),
        bits_(static_cast<std::size_t>(maps.keypoints * height_ * columns_)) {
    Random random(seed, 0, 0, RandomPurpose::test);
    for (const auto& [k, x, y] : all_places(maps))
      if (random.uniform() < share) bits_[word(k, x, y)] |= std::uint32_t{1} << (x % kMapTile);
  }
  bool peak(const Place& at) const { return (bits_[word(at.keypoint, at.x, at.y)] >> (at.x % kMapTile) & 1u) != 0; }
  const std::vector<std::uint32_t>& bits() const { return bits_; }

 private:
  std::size_t word(int k, int x, int y) const {
    return static_cast<std::size_t>((k * height_ + y) * columns_ + x / kMapTile);
  }
  int columns_, height_;
  std::vector<std::uint32_t> bits_;
};

struct ExpectedPeak {
  double value;
  Place place;
};

// Of one keypoint, highest first.
std::vector<ExpectedPeak> sorted_peaks(const reference::Maps& maps, const Words& words, int keypoint) {
  std::vector<ExpectedPeak> peaks;
  for (const Place& place : all_places(maps)) {
    if (place.keypoint != keypoint || !words.peak(place)) continue;
    const double value = reference::heatmap_at(maps, keypoint, place.x, place.y);
    if (std::isfinite(value)) peaks.push_back({value, place});
  }
  std::ranges::stable_sort(peaks, std::greater(), &ExpectedPeak::value);
  return peaks;
}

double quarter(const reference::Maps& maps, const Place& at, int dx, int dy) {
  const auto value = [&](int sign) {
    return reference::heatmap_at(maps, at.keypoint, std::clamp(at.x + sign * dx, 0, maps.width - 1),
                                 std::clamp(at.y + sign * dy, 0, maps.height - 1));
  };
  return value(1) > value(-1) ? 0.25 : -0.25;
}

// Numbers of few levels at base size: everything is exact, and full of ties.
void check(const reference::Maps& maps, const Words& words, int most) {
  const auto tag_size = static_cast<std::size_t>(maps.sides * maps.dims), size = kCandidateHead + tag_size;
  std::vector<double> expected;
  for (int k = 0; k < maps.keypoints; ++k) {
    const std::vector<ExpectedPeak> peaks = sorted_peaks(maps, words, k);
    for (std::size_t i = 0; i < static_cast<std::size_t>(most); ++i) {
      std::vector<double> row(size, 0.0);
      if (i < peaks.size()) {
        const auto& [value, at] = peaks[i];
        row = {static_cast<double>(at.x), static_cast<double>(at.y), value, quarter(maps, at, 1, 0),
               quarter(maps, at, 0, 1)};
        for (const double number : reference::embedding_at(maps, k, at.x, at.y)) row.push_back(number);
      } else {
        row[0] = -1;
      }
      expected.insert(expected.end(), row.begin(), row.end());
    }
  }
  for_each_run([&](const KernelRun& run) {
    const MapBuffers buffers(maps, run);
    const auto bits = buffer_of(words.bits());
    Buffer<float> candidates(expected.size());
    Buffer<PlacedValue> scratch(static_cast<std::size_t>(2 * maps.keypoints * most));
    top_peaks(run.stream, candidates.data(), scratch.data(), bits->data(), buffers.heatmaps(), buffers.embeddings(),
              most, run.options);
    ASSERT_EQ(candidates.values(), expected) << run.name;
  });
}

const std::vector<MapSizes> kTopMapSizes = {
    {1, 1, 1, 1, 1, {{1, 1}}, 1, 1}, {2, 3, 2, 7, 33, {{7, 33}}, 7, 33}, {3, 8, 2, 41, 70, {{41, 70}}, 41, 70}};

TEST(TopPeaks, AreTheHighestInOrderWithTheirReadings) {
  for (const MapSizes& sizes : kTopMapSizes) {
    const reference::Maps maps = drawn_maps(sizes, 1, 1, Numbers::eighths);
    for (const double share : {0.0, 0.02, 1.0})
      for (const int most : {1, 30}) check(maps, Words(maps, 7, share), most);
  }
}

TEST(TopPeaks, MayBeMoreThanAreFoundAtOnce) {
  const reference::Maps maps = drawn_maps(kTopMapSizes[2], 2, 1, Numbers::eighths);
  check(maps, Words(maps, 7, 0.5), 700);
}

TEST(TopPeaks, ThatStandLastAreFoundToo) {
  reference::Maps maps = drawn_maps({1, 1, 1, 40, 64, {{40, 64}}, 40, 64}, 3, 1, Numbers::eighths);
  for (std::size_t i = 0; i < maps.scales[0].heatmaps.size(); ++i)
    maps.scales[0].heatmaps[i] = static_cast<double>(i) / 4096;  // each peak is higher than all before it
  check(maps, Words(maps, 7, 1), 30);
}

TEST(TopPeaks, LeaveOutWhatIsNotFinite) {
  reference::Maps maps = drawn_maps({1, 2, 1, 20, 33, {{20, 33}}, 20, 33}, 4, 1, Numbers::eighths);
  for (std::size_t i = 0; i < maps.scales[0].heatmaps.size(); i += 3)
    maps.scales[0].heatmaps[i] = i % 2 == 0 ? std::numeric_limits<double>::infinity() : std::nan("");
  check(maps, Words(maps, 7, 1), 10);
}

}  // namespace
}  // namespace posecu
