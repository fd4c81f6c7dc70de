// The JSON of annotation files, field by field: types and ranges are checked, nothing is linked or derived yet.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/file.h"
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
  std::string segmentation;  // its JSON text, of crowds and of people without a labelled keypoint; empty without one
};

// An entry that cannot be used, and why. `field` is the part that is wrong; `problem` names it too.
struct Fault {
  std::string place, field, problem;  // "annotation 12", "keypoints", "keypoints: expected 51 numbers, found 48"
};

// The first faults of a file, and how many there are: a file may be nothing else.
class FaultList {
 public:
  void add(Fault fault) {
    if (++count_ <= kMost) first_.push_back(std::move(fault));
  }
  const std::vector<Fault>& first() const { return first_; }
  std::size_t count() const { return count_; }

 private:
  static constexpr std::size_t kMost = 100;
  std::vector<Fault> first_;
  std::size_t count_ = 0;
};

// What becomes of such entries.
enum class Faults {
  refuse,  // InputError at the first one
  collect  // left out, and listed
};

struct JsonAnnotations {
  std::list<JsonCategory> categories;
  std::list<JsonPicture> pictures;  // whoever turns them into something else lets each go as it is done
  std::list<JsonPerson> people;
  FaultList faults;
  bool labelled = false;  // has a list of annotations; the image_info files of test sets have none
};

// Of JsonPerson::keypoints: how many have a visibility above 0.
int count_labelled(const std::vector<double>& keypoints);

// `path` is for messages.
JsonAnnotations parse_annotation_json(TextSource source, const std::string& path, Faults faults = Faults::refuse);

// JsonPerson::segmentation. Throws std::invalid_argument saying what is wrong.
Segmentation parse_segmentation(std::string_view text);

}  // namespace posecu
