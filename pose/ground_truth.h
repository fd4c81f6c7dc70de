// What scoring knows of a data set: labelled people exactly as a COCO-format file writes them. Nothing is derived or
// repaired here, because the official tools look at the fields as written (an area of 0, num_keypoints that differs
// from the marked joints, id 0).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace posecu {

struct ScoredPerson {
  std::int64_t id = 0, picture_id = 0, category_id = 0;
  std::array<double, 4> bbox{};           // x, y, width, height
  std::optional<double> area;             // CrowdPose has none
  std::optional<int> labelled_keypoints;  // "num_keypoints"
  bool crowd = false;                     // "iscrowd", false when missing
  std::vector<double> keypoints;          // x, y, visibility of each joint
};

struct ScoredPicture {
  std::int64_t id = 0;
  std::optional<double> crowd_index;  // "crowdIndex" of CrowdPose
  int width = 0, height = 0;          // as the file says
};

struct GroundTruth {
  std::string source;    // for messages: the file's name
  int keypoints = 0;     // joints a person; 0 when nobody is labelled
  bool labelled = true;  // has a list of annotations; the image_info files of test sets have none
  std::vector<ScoredPicture> pictures;
  std::vector<std::int64_t> categories;
  std::int64_t people_category = 1;  // the one named "person", else the first
  std::vector<ScoredPerson> people;  // in file order
};

// Throws InputError, which names the file and the place in it ("annotation 12: keypoints").
GroundTruth read_ground_truth(const std::string& path);

}  // namespace posecu
