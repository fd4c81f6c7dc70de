#include "data/skeleton.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "kernels/heatmap_loss.h"

namespace posecu {
namespace {

constexpr Skeleton::Colour kMiddle{51, 153, 255}, kLeft{0, 220, 0}, kRight{255, 128, 0};

// A keypoint's partner is the one whose name has left and right exchanged.
std::vector<int> flip_by_side(const std::vector<std::string>& keypoints) {
  std::vector<int> flip;
  for (const std::string& name : keypoints) {
    std::string partner = name;
    if (name.starts_with("left_")) partner = "right_" + name.substr(5);
    if (name.starts_with("right_")) partner = "left_" + name.substr(6);
    const auto found = std::find(keypoints.begin(), keypoints.end(), partner);
    flip.push_back(static_cast<int>(found - keypoints.begin()));
  }
  return flip;
}

// The tools divide rounded numbers by ten; 0.35 / 10 and 0.035 differ in their last digit, and so would OKS.
std::vector<double> tenths(std::vector<double> values) {
  for (double& value : values) value /= 10;
  return values;
}

Skeleton make_coco() {
  Skeleton skeleton;
  skeleton.name = "coco";
  skeleton.keypoints = {"nose",           "left_eye",   "right_eye",   "left_ear",   "right_ear",   "left_shoulder",
                        "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip",
                        "right_hip",      "left_knee",  "right_knee",  "left_ankle", "right_ankle"};
  skeleton.edges = {{13, 15}, {11, 13}, {14, 16}, {12, 14}, {11, 12}, {5, 11}, {6, 12}, {5, 6}, {5, 7}, {6, 8},
                    {7, 9},   {8, 10},  {1, 2},   {0, 1},   {0, 2},   {1, 3},  {2, 4},  {3, 5}, {4, 6}};
  skeleton.sigmas = tenths({.26, .25, .25, .35, .35, .79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89});
  skeleton.grouping_order = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  skeleton.flip = flip_by_side(skeleton.keypoints);
  skeleton.colours = colours_by_side(skeleton.keypoints);
  return skeleton;
}

Skeleton make_crowdpose() {
  Skeleton skeleton;
  skeleton.name = "crowdpose";
  skeleton.keypoints = {"left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
                        "right_wrist",   "left_hip",       "right_hip",  "left_knee",   "right_knee",
                        "left_ankle",    "right_ankle",    "top_head",   "neck"};
  skeleton.edges = {{12, 13}, {13, 0}, {13, 1}, {0, 1}, {0, 2},  {2, 4}, {1, 3}, {3, 5},
                    {0, 6},   {1, 7},  {6, 7},  {6, 8}, {8, 10}, {7, 9}, {9, 11}};
  skeleton.sigmas = tenths({.79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89, .79, .79});
  skeleton.grouping_order = {13, 12, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};  // from the head down, as the official code
  skeleton.flip = flip_by_side(skeleton.keypoints);
  skeleton.colours = colours_by_side(skeleton.keypoints);
  skeleton.count = KeypointCount::stated_first;
  return skeleton;
}

Skeleton make_ochuman() {
  Skeleton skeleton = make_coco();
  skeleton.name = "ochuman";
  return skeleton;
}

bool is_permutation_of_indices(std::vector<int> list) {
  std::sort(list.begin(), list.end());
  for (std::size_t i = 0; i < list.size(); ++i)
    if (list[i] != static_cast<int>(i)) return false;
  return true;
}

}  // namespace

const Skeleton& coco_skeleton() {
  static const Skeleton skeleton = make_coco();
  return skeleton;
}

const Skeleton& crowdpose_skeleton() {
  static const Skeleton skeleton = make_crowdpose();
  return skeleton;
}

const Skeleton& ochuman_skeleton() {
  static const Skeleton skeleton = make_ochuman();
  return skeleton;
}

const Skeleton& skeleton_by_name(std::string_view name) {
  for (const Skeleton* skeleton : {&coco_skeleton(), &crowdpose_skeleton(), &ochuman_skeleton()})
    if (skeleton->name == name) return *skeleton;
  throw UsageError(fmt::format("unknown skeleton \"{}\"\n  expected coco, crowdpose or ochuman", name));
}

std::vector<Skeleton::Colour> colours_by_side(const std::vector<std::string>& keypoints) {
  std::vector<Skeleton::Colour> colours;
  for (const std::string& name : keypoints)
    colours.push_back(name.starts_with("left_") ? kLeft : name.starts_with("right_") ? kRight : kMiddle);
  return colours;
}

void check_skeleton(const Skeleton& skeleton, std::string_view file) {
  const std::size_t k = skeleton.keypoints.size();
  const auto check_length = [&](std::string_view list, std::size_t found) {
    if (found != k)
      throw InputError(file, list, fmt::format("expected {} entries, one a keypoint, found {}", k, found));
  };
  if (k == 0 || k > kMaxHeatmapChannels)
    throw InputError(file, "keypoints", fmt::format("expected 1 to {}, found {}", kMaxHeatmapChannels, k));
  for (std::size_t i = 1; i < k; ++i)
    if (std::find(skeleton.keypoints.begin(), skeleton.keypoints.begin() + static_cast<std::ptrdiff_t>(i),
                  skeleton.keypoints[i]) != skeleton.keypoints.begin() + static_cast<std::ptrdiff_t>(i))
      throw InputError(file, "keypoints", fmt::format("\"{}\" is there twice", skeleton.keypoints[i]));
  check_length("flip", skeleton.flip.size());
  check_length("sigmas", skeleton.sigmas.size());
  check_length("grouping_order", skeleton.grouping_order.size());
  check_length("colours", skeleton.colours.size());
  if (!is_permutation_of_indices(skeleton.grouping_order))
    throw InputError(file, "grouping_order", "every keypoint must stand in it once");
  if (!is_permutation_of_indices(skeleton.flip)) throw InputError(file, "flip", "every keypoint must stand in it once");
  for (std::size_t i = 0; i < k; ++i)
    if (skeleton.flip[static_cast<std::size_t>(skeleton.flip[i])] != static_cast<int>(i))
      throw InputError(file, "flip", fmt::format("keypoint {} and its partner do not name each other", i));
  const int limit = static_cast<int>(k);
  for (const auto& [a, b] : skeleton.edges)
    if (a < 0 || b < 0 || a >= limit || b >= limit)
      throw InputError(file, "edges", fmt::format("edge {}-{} leads to a keypoint that is not there", a, b));
  for (const double sigma : skeleton.sigmas)
    if (!(sigma > 0 && sigma < std::numeric_limits<double>::infinity()))
      throw InputError(file, "sigmas", fmt::format("expected positive numbers, found {}", sigma));
}

}  // namespace posecu
