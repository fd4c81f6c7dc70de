#include "tests/reference/base_maps.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace posecu::reference {
namespace {

// channels of one map at base pixel (x,y): the four cells around, those beyond the edge replaced by edge cells.
double bilinear(const std::vector<double>& cells, int first_row, int height, int width, int channels, int channel,
                double row, double column) {
  const auto cell = [&](double i, double j) {
    const int r = std::clamp(static_cast<int>(i), 0, height - 1), c = std::clamp(static_cast<int>(j), 0, width - 1);
    return cells[static_cast<std::size_t>(((first_row + r) * width + c) * channels + channel)];
  };
  const double i = std::floor(row), j = std::floor(column), down = row - i, across = column - j;
  return (1 - down) * ((1 - across) * cell(i, j) + across * cell(i, j + 1)) +
         down * ((1 - across) * cell(i + 1, j) + across * cell(i + 1, j + 1));
}

double cell_of(int pixel, int cells, int base) { return (pixel + 0.5) * cells / base - 0.5; }

}  // namespace

double heatmap_at(const Maps& maps, int keypoint, int x, int y) {
  double total = 0;
  for (const Maps::Scale& scale : maps.scales)
    for (int side = 0; side < maps.sides; ++side) {
      const int from = side == 0 ? x : maps.width - 1 - x;
      const int channel = side == 0 ? keypoint : maps.flip[static_cast<std::size_t>(keypoint)];
      total += bilinear(scale.heatmaps, side * scale.height, scale.height, scale.width, maps.keypoints, channel,
                        cell_of(y, scale.height, maps.height), cell_of(from, scale.width, maps.width)) /
               maps.sides;
    }
  return total / static_cast<double>(maps.scales.size());
}

std::vector<double> embedding_at(const Maps& maps, int keypoint, int x, int y) {
  std::vector<double> tag;
  for (int side = 0; side < maps.sides; ++side) {
    const int from = side == 0 ? x : maps.width - 1 - x;
    const int channel = side == 0 ? keypoint : maps.flip[static_cast<std::size_t>(keypoint)];
    for (int m = 0; m < maps.dims; ++m)
      tag.push_back(bilinear(maps.embeddings, side * maps.tag_height, maps.tag_height, maps.tag_width,
                             maps.keypoints * maps.dims, channel * maps.dims + m,
                             cell_of(y, maps.tag_height, maps.height), cell_of(from, maps.tag_width, maps.width)));
  }
  return tag;
}

std::vector<double> heatmap(const Maps& maps, int keypoint) {
  std::vector<double> values;
  for (int y = 0; y < maps.height; ++y)
    for (int x = 0; x < maps.width; ++x) values.push_back(heatmap_at(maps, keypoint, x, y));
  return values;
}

std::vector<double> fits(const Maps& maps, int keypoint, const std::vector<double>& tag) {
  std::vector<double> values = heatmap(maps, keypoint);
  for (int y = 0; y < maps.height; ++y)
    for (int x = 0; x < maps.width; ++x) {
      const std::vector<double> here = embedding_at(maps, keypoint, x, y);
      double squares = 0;
      for (std::size_t i = 0; i < here.size(); ++i) squares += (here[i] - tag[i]) * (here[i] - tag[i]);
      values[static_cast<std::size_t>(y * maps.width + x)] -= std::nearbyint(std::sqrt(squares));
    }
  return values;
}

}  // namespace posecu::reference
