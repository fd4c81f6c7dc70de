// Which keypoints a person has, and what belongs to them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posecu {

// What an annotation's num_keypoints counts.
enum class KeypointCount {
  labelled,     // keypoints with visibility > 0; a file that says otherwise is corrected
  stated_first  // CrowdPose's own count (body without head and neck) stands as long as it is possible
};

struct Skeleton {
  using Colour = std::array<std::uint8_t, 3>;  // RGB

  std::string name;
  std::vector<std::string> keypoints;      // [K] names
  std::vector<int> flip;                   // [K] the keypoint that k becomes in a mirrored picture
  std::vector<std::pair<int, int>> edges;  // drawn as limbs
  std::vector<double> sigmas;              // [K] deviation of annotators, for OKS
  std::vector<int> grouping_order;         // [K] order in which grouping visits the keypoints
  std::vector<Colour> colours;             // [K]; an edge is drawn in the colour of its second keypoint
  KeypointCount count = KeypointCount::labelled;

  int size() const { return static_cast<int>(keypoints.size()); }  // K
};

const Skeleton& coco_skeleton();
const Skeleton& crowdpose_skeleton();
const Skeleton& ochuman_skeleton();  // COCO's under its own name

// "coco", "crowdpose" or "ochuman"; UsageError for any other name.
const Skeleton& skeleton_by_name(std::string_view name);

// The colours that a skeleton has when nobody chose any: one for each side of the body, by "left_" and "right_".
std::vector<Skeleton::Colour> colours_by_side(const std::vector<std::string>& keypoints);

// Throws InputError naming `file` unless there are 1 to 256 keypoints of different names, every list has K entries,
// indices are in range and flip is its own inverse.
void check_skeleton(const Skeleton& skeleton, std::string_view file);

}  // namespace posecu
