#include "data/annotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory_resource>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"
#include "data/annotation_json.h"

namespace posecu {
namespace {

constexpr double kBoxShareOfArea = 0.53;  // CrowdPose's person area, from its box

// A name that stays below its folder.
void check_file_name(std::int64_t picture, const std::string& name) {
  const auto refuse = [&](std::string_view problem) {
    throw Fault{fmt::format("picture {}", picture), "file_name", fmt::format("file_name \"{}\" {}", name, problem)};
  };
  if (name.empty()) refuse("is empty");
  if (name.find('\0') != std::string::npos)
    throw Fault{fmt::format("picture {}", picture), "file_name", "file_name holds a zero byte"};
  if (name.front() == '/' || name.find('\\') != std::string::npos) refuse("must be relative to the picture folder");
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t end = std::min(name.find('/', start), name.size());
    if (std::string_view(name).substr(start, end - start) == "..")
      refuse("must not leave the picture folder by \"..\"");
    start = end + 1;
  }
}

std::array<double, 4> tight_box(const std::vector<double>& keypoints) {
  double left = std::numeric_limits<double>::infinity(), top = left, right = -left, bottom = -left;
  for (std::size_t i = 0; i < keypoints.size(); i += 3) {
    if (!(keypoints[i + 2] > 0)) continue;
    left = std::min(left, keypoints[i]), right = std::max(right, keypoints[i]);
    top = std::min(top, keypoints[i + 1]), bottom = std::max(bottom, keypoints[i + 1]);
  }
  if (left > right) return {};
  return {left, top, right - left, bottom - top};
}

// "test-dev2017" names a part of the pictures in test2017/.
std::string without_dev(std::string split) {
  const std::size_t at = split.find("-dev");
  return at == std::string::npos ? split : split.erase(at, 4);
}

// Turns what a file says into a data set: links, checks, defaults.
class Builder {
 public:
  Builder(const std::string& path, const std::string& folder, const Skeleton& skeleton, Faults faults)
      : path_(path), folder_(folder), faults_(faults) {
    set_.skeleton = skeleton;
    set_.annotation_file = path;
  }

  DataSet build(JsonAnnotations json) {
    set_.labelled = json.labelled;
    set_.faults = std::move(json.faults);
    set_.category_id = person_category(json.categories);
    by_id_.reserve(json.pictures.size());
    set_.pictures.reserve(json.pictures.size());
    people_.reserve(json.people.size());
    for (; !json.pictures.empty(); json.pictures.pop_front()) try_to_add(std::move(json.pictures.front()));
    for (; !json.people.empty(); json.people.pop_front()) try_to_add(std::move(json.people.front()));
    const Corrections& corrections = set_.corrections;
    remark(corrections.other_category.size(), "of other categories left out");
    remark(corrections.recounted.size(), "had a num_keypoints that differs from the marked keypoints: counted anew");
    remark(corrections.without_area.size(), "without area: 0.53 of the box");
    return std::move(set_);
  }

 private:
  std::int64_t person_category(const std::list<JsonCategory>& categories) const {
    for (const JsonCategory& category : categories)
      if (category.name == "person") return check_keypoint_count(category).id;
    if (categories.empty()) return 1;
    if (categories.size() == 1) return check_keypoint_count(categories.front()).id;
    throw InputError(path_, "categories", "none of them is named \"person\"");
  }

  const JsonCategory& check_keypoint_count(const JsonCategory& category) const {
    const auto expected = static_cast<std::size_t>(set_.skeleton.size());
    if (category.keypoints != 0 && category.keypoints != expected)
      throw InputError(path_, "categories",
                       fmt::format("category {} lists {} keypoints, the skeleton \"{}\" has {}", category.id,
                                   category.keypoints, set_.skeleton.name, expected));
    return category;
  }

  template <class Entry>
  void try_to_add(Entry entry) {
    try {
      add(std::move(entry));
    } catch (Fault& fault) {
      if (faults_ == Faults::refuse) throw InputError(path_, fault.place, fault.problem);
      set_.faults.add(std::move(fault));
    }
  }

  void add(JsonPicture picture) {
    check_file_name(picture.id, picture.file_name);
    const auto refuse = [&](std::string field, std::string problem) {
      throw Fault{fmt::format("picture {}", picture.id), std::move(field), std::move(problem)};
    };
    if (picture.width <= 0 || picture.height <= 0)
      refuse("size", fmt::format("width and height must be positive, found {} x {}", picture.width, picture.height));
    if (!by_id_.emplace(picture.id, set_.pictures.size()).second) refuse("id", "id: another picture has the same");
    PictureLabel label;
    label.id = picture.id;
    label.path = folder_.empty() ? picture.file_name : folder_ + "/" + picture.file_name;
    label.file_name = std::move(picture.file_name);
    label.width = picture.width;
    label.height = picture.height;
    label.crowd_index = picture.crowd_index;
    set_.pictures.push_back(std::move(label));
  }

  void add(JsonPerson person) {
    const auto refuse = [&](std::string field, std::string problem) {
      throw Fault{fmt::format("annotation {}", person.id), std::move(field), std::move(problem)};
    };
    if (!people_.insert(person.id).second) refuse("id", "id: another annotation has the same");
    const auto picture = by_id_.find(person.picture_id);
    if (picture == by_id_.end()) refuse("image_id", fmt::format("image_id: there is no picture {}", person.picture_id));
    if (person.category_id.value_or(set_.category_id) != set_.category_id) {
      set_.corrections.other_category.push_back(person.id);
      return;
    }
    if (person.keypoints.size() != 3 * static_cast<std::size_t>(set_.skeleton.size()))
      refuse("keypoints",
             fmt::format("keypoints: expected {} numbers ({} keypoints of skeleton \"{}\"), found {}",
                         3 * set_.skeleton.size(), set_.skeleton.size(), set_.skeleton.name, person.keypoints.size()));
    set_.pictures[picture->second].annotations.push_back(annotation(std::move(person)));
  }

  Annotation annotation(JsonPerson person) {
    Annotation result;
    result.id = person.id;
    result.category_id = set_.category_id;
    result.iscrowd = person.iscrowd;
    result.bbox = person.bbox ? *person.bbox : tight_box(person.keypoints);
    if (!person.area) set_.corrections.without_area.push_back(person.id);
    result.area = person.area.value_or(kBoxShareOfArea * result.bbox[2] * result.bbox[3]);
    const int labelled = count_labelled(person.keypoints);
    const bool stated_counts =
        person.num_keypoints.has_value() && (set_.skeleton.count == KeypointCount::stated_first
                                                 ? *person.num_keypoints >= 0 && *person.num_keypoints <= labelled
                                                 : *person.num_keypoints == labelled);
    if (person.num_keypoints && !stated_counts) set_.corrections.recounted.push_back(person.id);
    result.num_keypoints = stated_counts ? *person.num_keypoints : labelled;
    result.keypoints = std::move(person.keypoints);
    if (result.iscrowd || result.num_keypoints == 0) try {
        result.segmentation = parse_segmentation(person.segmentation);
      } catch (const std::invalid_argument& error) {
        throw Fault{fmt::format("annotation {}", person.id), "segmentation", error.what()};
      }
    return result;
  }

  void remark(std::size_t n, std::string_view happened) {
    if (n > 0)
      set_.remarks.push_back(fmt::format("{}: {} {}", path_, counted(n, "annotation", "annotations"), happened));
  }

  const std::string& path_;
  const std::string& folder_;
  Faults faults_;
  DataSet set_;
  std::pmr::monotonic_buffer_resource room_;  // for the many small nodes of both
  std::pmr::unordered_map<std::int64_t, std::size_t> by_id_{&room_};
  std::pmr::unordered_set<std::int64_t> people_{&room_};
};

DataSet build(TextSource source, const std::string& path, const std::string& folder, const Skeleton& skeleton,
              Labels labels, Faults faults = Faults::refuse) {
  JsonAnnotations json = parse_annotation_json(std::move(source), path, faults);
  if (!json.labelled && labels == Labels::required) throw InputError(path, "", "annotations: is missing");
  return Builder(path, folder, skeleton, faults).build(std::move(json));
}

}  // namespace

Picture read_picture(const PictureLabel& label, DamagedPicture damaged) {
  namespace fs = std::filesystem;
  std::error_code unknown;  // of what is not there: reading tells
  const fs::path real = fs::canonical(label.path, unknown);
  if (!unknown && label.path.size() > label.file_name.size()) {
    const std::string folder = label.path.substr(0, label.path.size() - label.file_name.size());
    const fs::path inside = real.lexically_relative(fs::canonical(folder, unknown));
    if (!unknown && (inside.empty() || *inside.begin() == ".."))
      throw InputError(label.path, "",
                       fmt::format("a link that leads out of the picture folder, to {}", real.string()));
  }
  return read_picture(label.path, damaged);
}

DataSet read_annotations(const std::string& path, const std::string& folder, const Skeleton& skeleton, Labels labels) {
  return build(file_source(path), path, folder, skeleton, labels);
}

DataSet read_usable_annotations(const std::string& path, const std::string& folder, const Skeleton& skeleton) {
  return build(file_source(path), path, folder, skeleton, Labels::required, Faults::collect);
}

DataSet parse_annotations(std::string_view text, const std::string& path, const std::string& folder,
                          const Skeleton& skeleton, Labels labels) {
  return build(text_source(text), path, folder, skeleton, labels);
}

SplitFiles split_files(std::string_view dataset, const std::string& root, const std::string& split, Labels labels) {
  if (split.empty() || split.find('/') != std::string::npos)
    throw UsageError(fmt::format("\"{}\" is no name of a split of {}", split, root));
  if (dataset == "crowdpose") return {fmt::format("{}/json/crowdpose_{}.json", root, split), root + "/images"};
  if (dataset == "ochuman")
    return {fmt::format("{}/ochuman_coco_format_{}_range_0.00_1.00.json", root, split), root + "/images"};
  const std::string labelled = fmt::format("{}/annotations/person_keypoints_{}.json", root, split);
  const std::string unlabelled = fmt::format("{}/annotations/image_info_{}.json", root, split);
  if (labels == Labels::required || std::filesystem::exists(labelled) || !std::filesystem::exists(unlabelled))
    return {labelled, root + "/" + split};
  return {unlabelled, root + "/" + without_dev(split)};
}

DataSet read_split(std::string_view dataset, const std::string& root, const std::string& split, Labels labels) {
  return read_split(dataset, root, split, skeleton_by_name(dataset), labels);
}

DataSet read_split(std::string_view dataset, const std::string& root, const std::string& split,
                   const Skeleton& skeleton, Labels labels) {
  const SplitFiles files = split_files(dataset, root, split, labels);
  return read_annotations(files.annotations, files.pictures, skeleton, labels);
}

DataSet read_splits(std::string_view dataset, const std::string& root, const std::vector<std::string>& splits) {
  return read_splits(dataset, root, splits, skeleton_by_name(dataset));
}

DataSet read_splits(std::string_view dataset, const std::string& root, const std::vector<std::string>& splits,
                    const Skeleton& skeleton) {
  if (splits.empty()) throw UsageError(fmt::format("no split of {} was named", root));
  DataSet all = read_split(dataset, root, splits.front(), skeleton);
  std::unordered_map<std::int64_t, std::size_t> split_of;
  for (const PictureLabel& picture : all.pictures) split_of.emplace(picture.id, 0);
  for (std::size_t i = 1; i < splits.size(); ++i) {
    DataSet more = read_split(dataset, root, splits[i], skeleton);
    for (PictureLabel& picture : more.pictures) {
      const auto [known, is_new] = split_of.emplace(picture.id, i);
      if (!is_new)
        throw InputError(more.annotation_file, fmt::format("picture {}", picture.id),
                         fmt::format("is in split {} already", splits[known->second]));
      all.pictures.push_back(std::move(picture));
    }
    all.remarks.insert(all.remarks.end(), more.remarks.begin(), more.remarks.end());
  }
  return all;
}

}  // namespace posecu
