// OpenCV's 8-bit bilinear warp, step by step with its tables of weights, and the normalisation in double.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace posecu::reference {

// Pixel (j,i) of the target lies at columns[j] + rows[i] in the source, in 1/1024 pixel and half a step of 1/32 more.
struct Places {
  std::vector<std::array<long, 2>> columns, rows;  // x, y
};

// `matrix` (m0..m5) leads from the source to the target.
Places places(const std::array<double, 6>& matrix, int width, int height);

// x [source_height,source_width,channels].
std::vector<std::uint8_t> warp_affine(const Places& places, const std::vector<std::uint8_t>& x, int source_width,
                                      int source_height, int channels);

// (pixel - mean) / deviation of ImageNet in double; x and the result [pixels,3].
std::vector<double> normalise(const std::vector<std::uint8_t>& x);

}  // namespace posecu::reference
