// What a network should find in a batch of pictures: the labels, as the losses read them. Made by data/, used by
// losses/.
#pragma once

#include <cstdint>
#include <vector>

namespace posecu {

// The labels at one resolution of the heatmaps.
struct ResolutionTargets {
  int width = 0, height = 0;  // of the heatmap, in its pixels
  std::vector<float>
      keypoints;  // [P,K,3]: x, y in heatmap pixels (not yet cut to integers), visibility (> 0: labelled)
  std::vector<std::uint8_t> masks;  // [N,height,width]: 1 where the loss counts, 0 in crowds and outside the picture
};

// People of all pictures stand one after another: those of picture n are first_person[n] .. first_person[n+1]-1. Any
// number, also none.
struct Targets {
  int pictures = 0;                            // N
  int keypoints = 0;                           // K
  std::vector<int> first_person{0};            // [N+1]; the last one is P
  std::vector<double> scales;                  // [P] sqrt(area of the warped box) / input size; official, not clipped
  std::vector<ResolutionTargets> resolutions;  // a quarter of the input size, then (HigherHRNet) half of it
};

}  // namespace posecu
