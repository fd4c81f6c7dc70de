#include "data/warp.h"

#include <algorithm>
#include <cmath>

namespace posecu {
namespace {

constexpr double kFixed = 1024;    // of FixedPoint
constexpr int kHalfStep = 16;      // half of 1/32 pixel
constexpr double kFarthest = 1e9;  // a sum of two places fits into 32 bits

// To the nearest, ties to even.
std::int32_t fixed(double pixels) {
  return static_cast<std::int32_t>(std::nearbyint(std::clamp(pixels * kFixed, -kFarthest, kFarthest)));
}

WarpTask task_of(const std::uint8_t* source, int width, int height, const WarpPlaces& places, Mirror mirror) {
  return {source, places.columns.data(), places.rows.data(), width, height, mirror};
}

WarpShape shape_of(const WarpPlaces& places) {
  return {1, static_cast<int>(places.columns.size()), static_cast<int>(places.rows.size())};
}

}  // namespace

WarpPlaces warp_places(const Affine& map, int width, int height) {
  const std::array<double, 6> m = inverse(map).m;
  WarpPlaces places;
  for (int x = 0; x < width; ++x) places.columns.push_back({fixed(m[0] * x), fixed(m[3] * x)});
  for (int y = 0; y < height; ++y)
    places.rows.push_back({fixed(m[1] * y + m[2]) + kHalfStep, fixed(m[4] * y + m[5]) + kHalfStep});
  return places;
}

Picture warp(const Picture& picture, const Affine& map, int width, int height) {
  const WarpPlaces places = warp_places(map, width, height);
  Picture result{width, height, {}};
  result.pixels.resize(result.row_bytes() * static_cast<std::size_t>(height));
  const WarpTask task = task_of(picture.pixels.data(), picture.width, picture.height, places, Mirror::no);
  warp_bytes(Stream{}, result.pixels.data(), &task, {1, width, height});
  return result;
}

const std::array<float, 768>& normalisation_table() {
  static const std::array<float, 768> table = [] {
    constexpr std::array<float, 3> mean{123.675f, 116.28f, 103.53f}, deviation{58.395f, 57.12f, 57.375f};
    std::array<float, 768> values{};
    for (std::size_t byte = 0; byte < 256; ++byte)
      for (std::size_t c = 0; c < 3; ++c)
        values[3 * byte + c] = static_cast<float>(static_cast<double>(static_cast<float>(byte) - mean[c]) *
                                                  (1 / static_cast<double>(deviation[c])));
    return values;
  }();
  return table;
}

void warp_normalised(float* out, const Picture& picture, const WarpPlaces& places, Mirror mirror) {
  const WarpTask task = task_of(picture.pixels.data(), picture.width, picture.height, places, mirror);
  warp_normalised(Stream{}, out, &task, normalisation_table().data(), shape_of(places));
}

std::vector<std::uint8_t> warp_mask(const MaskBits& mask, const WarpPlaces& places, Mirror mirror) {
  std::vector<std::uint8_t> result(places.columns.size() * places.rows.size());
  const std::uint8_t* bits = mask.bits.empty() ? nullptr : mask.bits.data();
  const WarpTask task = task_of(bits, mask.width, mask.height, places, mirror);
  warp_masks(Stream{}, result.data(), &task, shape_of(places));
  return result;
}

}  // namespace posecu
