// Regions of a picture as polygons or run lengths, and the masks made from them: exactly pycocotools' pixels.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace posecu {

// Run lengths over the columns of a mask: pixels outside and inside by turns, outside first. They sum to height*width.
struct RunLengths {
  int height = 0, width = 0;
  std::vector<std::uint32_t> counts;
};

// What an annotation's `segmentation` holds: polygons (x, y, x, y, ... in pixels), run lengths, or nothing.
struct Segmentation {
  std::vector<std::vector<double>> polygons;
  RunLengths runs;

  bool empty() const { return polygons.empty() && runs.counts.empty(); }
};

// All of these throw std::invalid_argument saying what is wrong; the reader of the file adds file and annotation.
void check_runs(const RunLengths& runs);                     // sizes positive, sum of counts = height * width
void check_polygon(const std::vector<double>& coordinates);  // 3 to 500 000 points, finite, within 100 000 pixels
std::vector<std::uint32_t> parse_compressed_counts(std::string_view text);  // COCO's compressed RLE

// The pixels inside a polygon, as pycocotools.mask.frPyObjects.
RunLengths polygon_runs(const std::vector<double>& coordinates, int height, int width);

// A mask [height,width] of one byte a pixel.
struct Mask {
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;
};

// The same in eight times less memory: bit x % 8 of byte x / 8 of a row is 1 where the mask is 255. No bits: 255
// everywhere, as most pictures have it.
struct MaskBits {
  int width = 0, height = 0;
  std::vector<std::uint8_t> bits;  // [height,(width+7)/8]
};
MaskBits mask_bits(const Mask& mask);  // of 0 and 255

// Sets the pixels inside to `value`. Throws std::invalid_argument if run lengths are of another size than the mask.
void paint(Mask& mask, const Segmentation& segmentation, std::uint8_t value);
void paint(Mask& mask, const RunLengths& runs, std::uint8_t value);

}  // namespace posecu
