#include "pose/ground_truth.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "data/annotation_json.h"

namespace posecu {

namespace {

ScoredPerson scored_person(const std::string& file, JsonPerson&& json, std::int64_t default_category) {
  if (!json.bbox) throw InputError(file, fmt::format("annotation {}", json.id), "bbox: is missing, and OKS needs it");
  ScoredPerson person{.id = json.id,
                      .picture_id = json.picture_id,
                      .category_id = json.category_id.value_or(default_category),
                      .bbox = *json.bbox,
                      .area = json.area,
                      .labelled_keypoints = json.num_keypoints,
                      .crowd = json.iscrowd,
                      .keypoints = std::move(json.keypoints)};
  return person;
}

template <class Entries>
void check_ids(const std::string& file, std::string_view what, const Entries& entries) {
  std::vector<std::int64_t> ids;
  ids.reserve(entries.size());
  for (const auto& entry : entries) ids.push_back(entry.id);
  std::ranges::sort(ids);
  const auto repeated = std::ranges::adjacent_find(ids);
  if (repeated != ids.end()) throw InputError(file, fmt::format("{} {}", what, *repeated), "id is there twice");
}

}  // namespace

GroundTruth read_ground_truth(const std::string& path) {
  JsonAnnotations json = parse_annotation_json(file_source(path), path);
  check_ids(path, "picture", json.pictures);
  check_ids(path, "annotation", json.people);

  GroundTruth truth;
  truth.source = path;
  truth.labelled = json.labelled;
  for (const JsonCategory& category : json.categories) truth.categories.push_back(category.id);
  if (truth.categories.empty()) throw InputError(path, "categories", "expected at least one: scores are per category");
  const auto people = std::ranges::find(json.categories, "person", &JsonCategory::name);
  truth.people_category = people == json.categories.end() ? truth.categories.front() : people->id;
  truth.pictures.reserve(json.pictures.size());
  for (const JsonPicture& picture : json.pictures)
    truth.pictures.push_back({picture.id, picture.crowd_index, picture.width, picture.height});
  truth.people.reserve(json.people.size());
  for (; !json.people.empty(); json.people.pop_front())
    truth.people.push_back(scored_person(path, std::move(json.people.front()), truth.categories.front()));
  if (!truth.people.empty()) truth.keypoints = static_cast<int>(truth.people.front().keypoints.size() / 3);
  return truth;
}

}  // namespace posecu
