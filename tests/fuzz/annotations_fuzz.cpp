// Annotation files. What the strict reader accepts, the collecting one reads without a fault, to the same set; and
// pieces of a few bytes give the same elements as one piece.
#include <array>

#include "core/error.h"
#include "data/annotations.h"
#include "data/check.h"
#include "tests/data/json_elements.h"
#include "tests/fuzz/fuzz_target.h"

namespace posecu {

void fuzz(std::span<const std::byte> input) {
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  require(json_elements(text, 100) == json_elements(text, text.size() + 1), "the same elements in small pieces");
  const DataSet set = parse_annotations(text, "input", "", coco_skeleton(), Labels::optional);
  require(set.faults.count() == 0, "a set that was refused nowhere has no faults");
  for (const PictureLabel& picture : set.pictures) {
    require(picture.width > 0 && picture.height > 0, "a picture's size");
    require(!picture.path.starts_with('/') && picture.path.find("..") != 0, "a picture's path stays below its folder");
    for (const Annotation& person : picture.annotations) {
      require(person.keypoints.size() == 51, "a person's keypoints");
      require(person.num_keypoints >= 0 && person.num_keypoints <= 17, "a person's number of keypoints");
      require(person.bbox[2] >= 0 && person.bbox[3] >= 0, "a person's box");
    }
  }
  check_labels(set);
}

std::span<const std::string_view> fuzz_dictionary() {
  static constexpr std::array<std::string_view, 26> kWords{"{",
                                                           "}",
                                                           "[",
                                                           "]",
                                                           ",",
                                                           ":",
                                                           "\"images\"",
                                                           "\"annotations\"",
                                                           "\"id\"",
                                                           "\"image_id\"",
                                                           "\"keypoints\"",
                                                           "\"bbox\"",
                                                           "\"area\"",
                                                           "\"iscrowd\"",
                                                           "\"segmentation\"",
                                                           "\"counts\"",
                                                           "\"size\"",
                                                           "\"file_name\"",
                                                           "\"width\"",
                                                           "\"num_keypoints\"",
                                                           "1e999",
                                                           "-1",
                                                           "null",
                                                           "18446744073709551616",
                                                           "\\u0000",
                                                           "../"};
  return kWords;
}

}  // namespace posecu
