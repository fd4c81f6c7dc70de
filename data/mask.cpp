#include "data/mask.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace posecu {
namespace {

constexpr double kUpsampling = 5;  // polygons are walked on a grid of fifths of a pixel
constexpr double kFarthest = 100'000;
constexpr std::size_t kMostCoordinates = 1'000'000;
constexpr std::int64_t kLongestOutline = 200'000'000;  // steps of a fifth of a pixel

struct GridPoint {
  int u, v;  // in fifths of a pixel
};

GridPoint on_grid(double x, double y) {
  return {static_cast<int>(kUpsampling * x + .5), static_cast<int>(kUpsampling * y + .5)};  // toward zero
}

// Where an outline passes between two columns of fifths, at the middle of a pixel column: that column, and the first
// row below the outline. Run lengths are the sorted positions of all crossings.
class Crossings {
 public:
  Crossings(int height, int width) : height_(height), width_(width) {}

  // Consecutive points of the outline.
  void step(GridPoint from, GridPoint to) {
    if (from.u == to.u) return;
    const double x = ((to.u < from.u ? to.u : to.u - 1) + .5) / kUpsampling - .5;
    if (std::floor(x) != x || x < 0 || x > width_ - 1) return;
    const double y = (std::min(from.v, to.v) + .5) / kUpsampling - .5;
    const double row = std::ceil(std::clamp(y, 0.0, static_cast<double>(height_)));
    positions_.push_back(static_cast<std::uint32_t>(x) * static_cast<std::uint32_t>(height_) +
                         static_cast<std::uint32_t>(row));
  }

  // Every point of the line from a to b, one a step along its longer axis, rounded as cocoapi rounds.
  void line(GridPoint a, GridPoint b) {
    const int du = std::abs(b.u - a.u), dv = std::abs(b.v - a.v);
    const bool flat = du >= dv;
    if (flat ? a.u > b.u : a.v > b.v) std::swap(a, b);
    const double slope = flat ? static_cast<double>(b.v - a.v) / du : static_cast<double>(b.u - a.u) / dv;
    GridPoint last{};
    for (int t = 0; t <= std::max(du, dv); ++t) {
      GridPoint point{a.u, a.v};
      if (flat && du > 0) point = {a.u + t, static_cast<int>(a.v + slope * t + .5)};
      if (!flat) point = {static_cast<int>(a.u + slope * t + .5), a.v + t};
      if (t > 0) step(last, point);
      last = point;
    }
  }

  RunLengths runs() {
    positions_.push_back(static_cast<std::uint32_t>(height_) * static_cast<std::uint32_t>(width_));
    std::sort(positions_.begin(), positions_.end());
    RunLengths result{height_, width_, {}};
    std::uint32_t last = 0;
    bool joins = false;  // an empty run: the one after it belongs to the one before it
    for (const std::uint32_t position : positions_) {
      const std::uint32_t length = position - last;
      last = position;
      if (joins) {
        result.counts.back() += length;
        joins = false;
      } else if (length > 0 || result.counts.empty()) {
        result.counts.push_back(length);
      } else {
        joins = true;
      }
    }
    return result;
  }

 private:
  int height_, width_;
  std::vector<std::uint32_t> positions_;
};

}  // namespace

void check_runs(const RunLengths& runs) {
  if (runs.height <= 0 || runs.width <= 0)
    throw std::invalid_argument(fmt::format("size [{},{}] must be positive", runs.height, runs.width));
  std::uint64_t sum = 0;
  for (const std::uint32_t count : runs.counts) sum += count;
  const std::uint64_t pixels = static_cast<std::uint64_t>(runs.height) * static_cast<std::uint64_t>(runs.width);
  if (sum != pixels)
    throw std::invalid_argument(
        fmt::format("run lengths sum to {}, expected {} x {} = {}", sum, runs.height, runs.width, pixels));
}

void check_polygon(const std::vector<double>& coordinates) {
  const std::size_t n = coordinates.size();
  if (n < 6 || n % 2 != 0 || n > kMostCoordinates)
    throw std::invalid_argument(
        fmt::format("a polygon needs an even number of coordinates from 6 to {}, found {}", kMostCoordinates, n));
  std::int64_t steps = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (!(std::abs(coordinates[i]) <= kFarthest))
      throw std::invalid_argument(fmt::format("polygon coordinate {} is outside of every picture", coordinates[i]));
    steps += static_cast<std::int64_t>(kUpsampling * std::abs(coordinates[(i + 2) % n] - coordinates[i])) + 1;
  }
  if (steps > kLongestOutline) throw std::invalid_argument("the polygon's outline is too long");
}

std::vector<std::uint32_t> parse_compressed_counts(std::string_view text) {
  // Groups of five bits from character 48 on, lowest first; bit 5: more follow; bit 4 of the last: negative.
  // From the fourth count on, a number is the difference to the count two before it.
  std::vector<std::uint32_t> counts;
  std::vector<std::int64_t> values;
  for (std::size_t at = 0; at < text.size();) {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 5) {
      if (at == text.size()) throw std::invalid_argument("compressed counts end within a number");
      if (shift > 35) throw std::invalid_argument("a compressed count is too large");
      const int c = static_cast<unsigned char>(text[at++]) - 48;
      if (c < 0 || c > 63) throw std::invalid_argument(fmt::format("compressed counts: bad character at {}", at - 1));
      value |= static_cast<std::uint64_t>(c & 0x1f) << shift;
      if ((c & 0x20) != 0) continue;
      if ((c & 0x10) != 0) value |= ~std::uint64_t{0} << (shift + 5);
      break;
    }
    std::int64_t count = static_cast<std::int64_t>(value);
    if (values.size() > 2) count += values[values.size() - 2];
    if (count < 0 || count > UINT32_MAX)
      throw std::invalid_argument(fmt::format("compressed counts: count {} is {}", values.size(), count));
    values.push_back(count);
    counts.push_back(static_cast<std::uint32_t>(count));
  }
  return counts;
}

RunLengths polygon_runs(const std::vector<double>& coordinates, int height, int width) {
  check_polygon(coordinates);
  Crossings crossings(height, width);
  const std::size_t points = coordinates.size() / 2;
  for (std::size_t i = 0; i < points; ++i) {
    const std::size_t next = (i + 1) % points;
    crossings.line(on_grid(coordinates[2 * i], coordinates[2 * i + 1]),
                   on_grid(coordinates[2 * next], coordinates[2 * next + 1]));
  }
  return crossings.runs();
}

MaskBits mask_bits(const Mask& mask) {
  MaskBits result{mask.width, mask.height, {}};
  if (std::ranges::find(mask.pixels, 0) == mask.pixels.end()) return result;
  const auto width = static_cast<std::size_t>(mask.width), row_bytes = (width + 7) / 8;
  result.bits.resize(row_bytes * static_cast<std::size_t>(mask.height));
  std::uint8_t* row = result.bits.data();
  for (auto pixels = mask.pixels.begin(); pixels != mask.pixels.end(); pixels += mask.width, row += row_bytes)
    for (std::size_t x = 0; x < width; ++x)
      row[x / 8] = static_cast<std::uint8_t>(row[x / 8] | (pixels[static_cast<std::ptrdiff_t>(x)] != 0) << (x % 8));
  return result;
}

void paint(Mask& mask, const RunLengths& runs, std::uint8_t value) {
  check_runs(runs);
  if (runs.height != mask.height || runs.width != mask.width)
    throw std::invalid_argument(fmt::format("run lengths are for {}x{} pixels, the picture has {}x{}", runs.width,
                                            runs.height, mask.width, mask.height));
  const auto width = static_cast<std::size_t>(runs.width);
  std::size_t x = 0;
  int y = 0;
  for (std::size_t i = 0; i < runs.counts.size(); ++i)
    for (std::uint32_t left = runs.counts[i]; left > 0;) {  // down this column, then the next one
      const auto rows = static_cast<int>(std::min(left, static_cast<std::uint32_t>(runs.height - y)));
      for (int row = y; i % 2 == 1 && row < y + rows; ++row)
        mask.pixels[static_cast<std::size_t>(row) * width + x] = value;
      left -= static_cast<std::uint32_t>(rows);
      y += rows;
      if (y == runs.height) y = 0, ++x;
    }
}

void paint(Mask& mask, const Segmentation& segmentation, std::uint8_t value) {
  for (const std::vector<double>& polygon : segmentation.polygons)
    paint(mask, polygon_runs(polygon, mask.height, mask.width), value);
  if (!segmentation.runs.counts.empty()) paint(mask, segmentation.runs, value);
}

}  // namespace posecu
