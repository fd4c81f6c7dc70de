// The JSON of annotation files, field by field: types and ranges are checked, nothing is linked or derived yet.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/mask.h"

namespace posecu {

struct JsonCategory {
  std::int64_t id = 0;
  std::string name;
  std::size_t keypoints = 0;  // number of names listed
};

struct JsonPicture {
  std::int64_t id = 0;
  std::string file_name;
  int width = 0, height = 0;
  std::optional<double> crowd_index;
};

struct JsonPerson {
  std::int64_t id = 0, picture_id = 0;
  std::optional<std::int64_t> category_id;
  std::vector<double> keypoints;
  std::optional<std::array<double, 4>> bbox;
  std::optional<double> area;
  std::optional<int> num_keypoints;
  bool iscrowd = false;
  std::string_view segmentation;  // its JSON text, within the file; empty when there is none or it is null
};

struct JsonAnnotations {
  std::vector<JsonCategory> categories;
  std::vector<JsonPicture> pictures;
  std::vector<JsonPerson> people;
  bool labelled = false;  // has a list of annotations; the image_info files of test sets have none
};

// An annotation file in memory; what parse() returns points into it.
class JsonFile {
 public:
  JsonFile(std::string text, std::string path);  // `path` is for messages
  JsonAnnotations parse() const;

 private:
  std::string path_, text_;  // padded as simdjson wants it
};

// The segmentation of a person of the file `path`; JsonFile must still be alive.
Segmentation parse_segmentation(const std::string& path, const JsonPerson& person);

}  // namespace posecu
