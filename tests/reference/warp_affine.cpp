#include "tests/reference/warp_affine.h"

#include <algorithm>
#include <cmath>

namespace posecu::reference {
namespace {

long rounded(double value) { return std::lrint(value); }  // to the nearest, ties to even

// The weights of the four neighbours for fractions f, g of 32, as OpenCV's table holds them: they sum to 32768, and
// that of (0,0) is 32767 and 1.
std::array<long, 4> weights(long f, long g) {
  if (f == 0 && g == 0) return {32767, 1, 0, 0};
  return {(32 - f) * (32 - g) * 32, f * (32 - g) * 32, (32 - f) * g * 32, f * g * 32};
}

}  // namespace

Places places(const std::array<double, 6>& matrix, int width, int height) {
  std::array<double, 6> m = matrix;
  double d = m[0] * m[4] - m[1] * m[3];
  d = d != 0 ? 1.0 / d : 0;
  const double a11 = m[4] * d, a22 = m[0] * d;
  m[0] = a11, m[1] *= -d, m[3] *= -d, m[4] = a22;
  const double b1 = -m[0] * m[2] - m[1] * m[5], b2 = -m[3] * m[2] - m[4] * m[5];
  m[2] = b1, m[5] = b2;

  Places result;
  for (int x = 0; x < width; ++x) result.columns.push_back({rounded(m[0] * x * 1024), rounded(m[3] * x * 1024)});
  for (int y = 0; y < height; ++y)
    result.rows.push_back({rounded((m[1] * y + m[2]) * 1024) + 16, rounded((m[4] * y + m[5]) * 1024) + 16});
  return result;
}

std::vector<std::uint8_t> warp_affine(const Places& places, const std::vector<std::uint8_t>& x, int source_width,
                                      int source_height, int channels) {
  std::vector<std::uint8_t> y;
  for (const auto& row : places.rows)
    for (const auto& column : places.columns) {
      const long px = (row[0] + column[0]) >> 5, py = (row[1] + column[1]) >> 5;
      const long left = std::clamp(px >> 5, -32768L, 32767L), top = std::clamp(py >> 5, -32768L, 32767L);
      const std::array<long, 4> w = weights(px & 31, py & 31);
      for (int c = 0; c < channels; ++c) {
        long sum = 0;
        for (int i = 0; i < 4; ++i) {
          const long from_x = left + i % 2, from_y = top + i / 2;
          if (from_x < 0 || from_y < 0 || from_x >= source_width || from_y >= source_height) continue;
          sum += w[static_cast<std::size_t>(i)] *
                 x[static_cast<std::size_t>((from_y * source_width + from_x) * channels + c)];
        }
        y.push_back(static_cast<std::uint8_t>((sum + 16384) >> 15));
      }
    }
  return y;
}

std::vector<double> normalise(const std::vector<std::uint8_t>& x) {
  constexpr std::array<double, 3> kMean{123.675, 116.28, 103.53}, kDeviation{58.395, 57.12, 57.375};
  std::vector<double> y;
  for (std::size_t i = 0; i < x.size(); ++i) y.push_back((x[i] - kMean[i % 3]) / kDeviation[i % 3]);
  return y;
}

}  // namespace posecu::reference
