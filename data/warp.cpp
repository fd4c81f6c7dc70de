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

}  // namespace

WarpPlaces warp_places(const Affine& map, int width, int height) {
  const std::array<double, 6> m = inverse(map).m;
  WarpPlaces places;
  for (int x = 0; x < width; ++x) places.columns.push_back({fixed(m[0] * x), fixed(m[3] * x)});
  for (int y = 0; y < height; ++y)
    places.rows.push_back({fixed(m[1] * y + m[2]) + kHalfStep, fixed(m[4] * y + m[5]) + kHalfStep});
  return places;
}

Picture warp(const Stream& stream, const Picture& picture, const Affine& map, int width, int height) {
  const WarpPlaces places = warp_places(map, width, height);
  Picture result{width, height, {}};
  result.pixels.resize(result.row_bytes() * static_cast<std::size_t>(height));
  warp_affine(stream, result.pixels.data(), picture.pixels.data(), places.columns.data(), places.rows.data(),
              {width, height, picture.width, picture.height, Picture::channels});
  return result;
}

std::vector<std::uint8_t> warp_mask(const Stream& stream, const Mask& mask, const Affine& map, int width, int height,
                                    Mirror mirror) {
  const WarpPlaces places = warp_places(map, width, height);
  std::vector<std::uint8_t> result(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  warp_affine(stream, result.data(), mask.pixels.data(), places.columns.data(), places.rows.data(),
              {width, height, mask.width, mask.height, 1});
  for (std::uint8_t& value : result) value = value >= 128;
  if (mirror == Mirror::yes)
    for (auto row = result.begin(); row != result.end(); row += width) std::reverse(row, row + width);
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

void normalise(const Stream& stream, float* out, const Picture& picture, Mirror mirror) {
  normalise(stream, out, picture.pixels.data(), normalisation_table().data(), picture.width, picture.height, mirror);
}

}  // namespace posecu
