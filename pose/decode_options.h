// How people are decoded from maps; the defaults are the official ones at an input of 512.
#pragma once

namespace posecu {

enum class Adjustment { quarter_pixel, none };  // a quarter of a pixel toward the higher neighbour
enum class Refinement { fill_missing, none };   // look for the keypoints that grouping left a person without

struct DecodeOptions {
  int nms_kernel = 5;         // side of the window in which a peak is the largest: odd, at most 15 (official: 7 at 640)
  int max_people = 30;        // candidates of each keypoint type
  double threshold = 0.1;     // candidates have larger heatmap values
  double tag_distance = 1.0;  // largest distance of a keypoint's embedding from its person's
  Adjustment adjustment = Adjustment::quarter_pixel;
  Refinement refinement = Refinement::fill_missing;
};

struct BaseSize {
  int width = 0, height = 0;  // of the network's input at scale 1: people are decoded in its pixels
  bool operator==(const BaseSize&) const = default;
};

}  // namespace posecu
