// Labels of people: COCO keypoint JSON, and its relatives CrowdPose and OCHuman.
//
// Fields and what happens without them: `id`, `image_id`, `keypoints` of an annotation and `id`, `file_name`, `width`,
// `height` of a picture are required; `category_id` defaults to the people's, `iscrowd` to 0, `bbox` to the tight box
// of the labelled keypoints, `area` to 0.53 of the box (CrowdPose's rule), `num_keypoints` to the count.
// Anything wrong is an InputError that names file, annotation (or picture) and field.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/annotation_json.h"
#include "data/mask.h"
#include "data/picture.h"
#include "data/skeleton.h"

namespace posecu {

struct Annotation {
  std::int64_t id = 0, category_id = 1;
  std::vector<double> keypoints;  // [K,3]: x, y in pixels, visibility (0: not labelled, 1: hidden, 2: visible)
  std::array<double, 4> bbox{};   // x, y, width, height
  double area = 0;
  bool iscrowd = false;
  int num_keypoints = 0;
  Segmentation segmentation;  // kept only where it masks training: crowds and people without labelled keypoints
};

struct PictureLabel {
  std::int64_t id = 0;
  std::string file_name;                // as the file has it
  std::string path;                     // folder / file_name
  int width = 0, height = 0;            // as the file says; the picture itself decides
  std::optional<double> crowd_index;    // CrowdPose
  std::vector<Annotation> annotations;  // in file order
};

// Annotations that were used, but not as they stand: their ids.
struct Corrections {
  std::vector<std::int64_t> other_category;  // left out
  std::vector<std::int64_t> recounted;       // num_keypoints differed from the marked keypoints
  std::vector<std::int64_t> without_area;    // 0.53 of the box instead
};

// Reads the picture of a label. A link inside of the picture folder must not lead out of it: InputError; the folder
// itself may be a link.
Picture read_picture(const PictureLabel& label, DamagedPicture damaged = DamagedPicture::refuse);

struct DataSet {
  Skeleton skeleton;
  std::string annotation_file;         // the first one, for messages
  std::int64_t category_id = 1;        // of people, for results
  std::vector<PictureLabel> pictures;  // in file order
  std::vector<std::string> remarks;    // what was corrected or left out, a sentence each
  Corrections corrections;             // of which the remarks tell
  FaultList faults;                    // of read_usable_annotations
  bool labelled = true;                // the file has a list of annotations, be it an empty one
};

// Whether a file without a list of annotations is one: COCO's image_info files name the pictures of its test sets.
enum class Labels { required, optional };

// `folder` holds the pictures; it may be "" where only labels matter.
DataSet read_annotations(const std::string& path, const std::string& folder, const Skeleton& skeleton,
                         Labels labels = Labels::required);
DataSet parse_annotations(std::string_view text, const std::string& path, const std::string& folder,
                          const Skeleton& skeleton, Labels labels = Labels::required);

// As read_annotations, but what cannot be used is left out and listed in `faults`.
DataSet read_usable_annotations(const std::string& path, const std::string& folder, const Skeleton& skeleton);

// Where a split's files lie.
struct SplitFiles {
  std::string annotations, pictures;  // a file and a folder
};
SplitFiles split_files(std::string_view dataset, const std::string& root, const std::string& split,
                       Labels labels = Labels::required);

// One split of a data set in its published layout under `root`:
//   coco       annotations/person_keypoints_SPLIT.json     SPLIT/
//   crowdpose  json/crowdpose_SPLIT.json                   images/
//   ochuman    ochuman_coco_format_SPLIT_range_0.00_1.00.json  images/
// COCO's test sets, where labels are optional: annotations/image_info_SPLIT.json, pictures of test-dev2017 in
// test2017/.
DataSet read_split(std::string_view dataset, const std::string& root, const std::string& split,
                   Labels labels = Labels::required);
// The same with people of another skeleton than the data set's own.
DataSet read_split(std::string_view dataset, const std::string& root, const std::string& split,
                   const Skeleton& skeleton, Labels labels = Labels::required);

// Several splits as one. A picture that is in two of them is an error.
DataSet read_splits(std::string_view dataset, const std::string& root, const std::vector<std::string>& splits);
DataSet read_splits(std::string_view dataset, const std::string& root, const std::vector<std::string>& splits,
                    const Skeleton& skeleton);

}  // namespace posecu
