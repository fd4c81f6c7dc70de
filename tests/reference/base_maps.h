// Maps at base size by definition, in double: every map resized (bilinear, align_corners false), the mirrored picture's
// mirrored back with left and right exchanged, then averages of heatmaps and lists of embeddings. The peaks of a map
// and the search for missing keypoints by looking at every pixel.
#pragma once

#include <vector>

namespace posecu::reference {

struct Maps {
  int keypoints = 0, dims = 0, sides = 0;
  int height = 0, width = 0;  // base
  struct Scale {
    int height = 0, width = 0;
    std::vector<double> heatmaps;  // [sides,height,width,K]
  };
  std::vector<Scale> scales;
  int tag_height = 0, tag_width = 0;
  std::vector<double> embeddings;  // [sides,tag_height,tag_width,K*M]
  std::vector<int> flip;           // [K]
};

double heatmap_at(const Maps& maps, int keypoint, int x, int y);
std::vector<double> embedding_at(const Maps& maps, int keypoint, int x, int y);  // [sides*M]

// One keypoint's whole map, row by row.
std::vector<double> heatmap(const Maps& maps, int keypoint);

// value - round(|embedding - tag|) at every pixel, row by row, halves to even.
std::vector<double> fits(const Maps& maps, int keypoint, const std::vector<double>& tag);

}  // namespace posecu::reference
