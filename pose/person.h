// A found person: what decoding makes, what drawing, scoring and results files read.
#pragma once

#include <vector>

namespace posecu {

struct Keypoint {
  float x = 0, y = 0;    // pixels of the picture; (0, 0) where nothing was found
  float score = 0;       // the heatmap's value, or what a results file says; 0 or less where nothing was found
  bool refined = false;  // true: no peak was grouped here, the place was filled in from the person's embedding
};

struct Person {
  std::vector<Keypoint> keypoints;  // [K], in the skeleton's order
  double score = 0;                 // mean keypoint score over all K, before refinement, as the official code has it
};

}  // namespace posecu
