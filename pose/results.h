// COCO keypoint results: a list of found people, in a JSON file or in memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posecu {

struct Detection {
  std::int64_t picture_id = 0, category_id = 1;
  std::vector<double> keypoints;  // x, y, score of each joint; 0, 0, s where it is missing
  double score = 0;
  std::array<double, 4> bbox{};  // x, y, width, height
};

bool has_found_joint(const Detection& detection);  // of score > 0

struct Detections {
  std::string source = "results";  // for messages: the file's name
  std::vector<Detection> list;
};

// The box around all joints, missing ones at (0,0) included, as the official code writes it.
std::array<double, 4> keypoint_box(std::span<const double> keypoints);

inline constexpr std::size_t kIdsToName = 5;  // of pictures, in a message

// As messages list them: "1, 2, 3", or the first five: "1, 2, 3, 4, 5, ...".
std::string some_ids(std::span<const std::int64_t> ids);

// Boxes are those in the file if the first entry has one, else they are made from the joints, as the tools do. Throws
// InputError, which names the file, the entry and the field ("[12].keypoints").
Detections read_results(const std::string& path);
Detections parse_results(std::string_view text, const std::string& source);

// One JSON list in the given order, each number in the fewest digits that read back as the same double, spelled as
// Python's json writes it. The text, and the same written atomically.
std::string results_json(std::span<const Detection> detections);
void write_results(const std::string& path, std::span<const Detection> detections);

}  // namespace posecu
