#include "pose/evaluate_input.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/counted.h"
#include "core/error.h"

namespace posecu {

namespace {

std::string wrong_length(std::size_t found, const EvaluateOptions& options) {
  return fmt::format("expected {} numbers for {} joints, found {}", 3 * options.sigmas.size(), options.sigmas.size(),
                     found);
}

void check_people(const GroundTruth& truth, const EvaluateOptions& options) {
  const bool counts_labels = options.evaluator != Evaluator::xtcocotools || options.protocol == Protocol::crowdpose;
  for (const ScoredPerson& person : truth.people) {
    const auto fail = [&](std::string_view field, const std::string& problem) {
      throw InputError(truth.source, fmt::format("annotation {}: {}", person.id, field), problem);
    };
    if (person.keypoints.size() != 3 * options.sigmas.size()) {
      fail("keypoints", wrong_length(person.keypoints.size(), options));
    }
    if (options.protocol == Protocol::coco && !person.area) {
      fail("area",
           "is missing, and OKS divides by it; only CrowdPose goes without (pictures with crowdIndex, "
           "evaluators xtcocotools and crowdposetools)");
    }
    if (counts_labels && !person.labelled_keypoints) {
      fail("num_keypoints", fmt::format("is missing, and {} needs it", to_string(options.evaluator)));
    }
  }
}

void check_crowd_indices(const GroundTruth& truth) {
  for (const ScoredPicture& picture : truth.pictures) {
    if (picture.crowd_index) continue;
    throw InputError(truth.source, fmt::format("picture {}: crowdIndex", picture.id),
                     "is missing, and CrowdPose's easy, medium and hard need it");
  }
}

void check_pictures(const GroundTruth& truth, const Detections& detections, const PictureOrder& pictures) {
  std::vector<std::int64_t> unknown;
  for (const Detection& detection : detections.list) {
    const std::int64_t id = detection.picture_id;
    if (pictures.find(id) < 0 && std::ranges::find(unknown, id) == unknown.end()) unknown.push_back(id);
    if (unknown.size() > kIdsToName) break;
  }
  if (unknown.empty()) return;
  throw InputError(detections.source, "",
                   fmt::format("has results of pictures that {} does not list: {}\n"
                               "  try: the annotations of the split that the results were made on",
                               truth.source, some_ids(unknown)));
}

void check_detections(const Detections& detections, const EvaluateOptions& options) {
  if (detections.list.empty() && options.evaluator != Evaluator::xtcocotools) {
    throw InputError(
        detections.source, "",
        fmt::format("the list is empty, and {} cannot score that; xtcocotools gives 0", to_string(options.evaluator)));
  }
  for (std::size_t i = 0; i < detections.list.size(); ++i) {
    const Detection& detection = detections.list[i];
    if (detection.keypoints.size() != 3 * options.sigmas.size()) {
      throw InputError(detections.source, fmt::format("[{}].keypoints", i),
                       wrong_length(detection.keypoints.size(), options));
    }
    if (!std::isfinite(detection.score)) {
      throw InputError(detections.source, fmt::format("[{}].score", i), "expected a finite number");
    }
  }
}

}  // namespace

PictureOrder::PictureOrder(const GroundTruth& truth) {
  for (const ScoredPicture& picture : truth.pictures) ids_.push_back(picture.id);
  std::ranges::sort(ids_);
}

int PictureOrder::find(std::int64_t id) const {
  const auto at = std::ranges::lower_bound(ids_, id);
  return at != ids_.end() && *at == id ? static_cast<int>(at - ids_.begin()) : -1;
}

void check_input(const GroundTruth& truth, const Detections& detections, const PictureOrder& pictures,
                 const EvaluateOptions& options) {
  check_people(truth, options);
  if (options.protocol == Protocol::crowdpose) check_crowd_indices(truth);
  check_detections(detections, options);
  check_pictures(truth, detections, pictures);
}

std::vector<PicturePeople> people_of_category(const GroundTruth& truth, const Detections& detections,
                                              const PictureOrder& pictures, std::int64_t category,
                                              Evaluator evaluator) {
  std::vector<PicturePeople> result(pictures.size());
  for (const ScoredPerson& person : truth.people) {
    const int picture = pictures.find(person.picture_id);
    if (person.category_id == category && picture >= 0) {
      result[static_cast<std::size_t>(picture)].people.push_back(&person);
    }
  }
  for (const Detection& detection : detections.list) {
    if (detection.category_id != category) continue;
    // xtcocotools begins with leaving these out.
    if (evaluator == Evaluator::xtcocotools && !has_found_joint(detection)) continue;
    result[static_cast<std::size_t>(pictures.find(detection.picture_id))].detections.push_back(&detection);
  }
  return result;
}

std::vector<std::string> unscored_entries(const GroundTruth& truth, const Detections& detections,
                                          const PictureOrder& pictures) {
  const auto unlisted = [&](std::int64_t category) {
    return std::ranges::find(truth.categories, category) == truth.categories.end();
  };
  std::vector<std::string> notes;
  const auto note = [&](std::ptrdiff_t count, std::string_view what) {
    if (count == 0) return;
    const std::string entries = counted(static_cast<std::size_t>(count), "annotation", "annotations");
    notes.push_back(fmt::format("{} of {} that the file does not list: not scored", entries, what));
  };
  note(std::ranges::count_if(truth.people, [&](const auto& person) { return pictures.find(person.picture_id) < 0; }),
       "pictures");
  note(std::ranges::count_if(truth.people, [&](const auto& person) { return unlisted(person.category_id); }),
       "categories");
  std::map<std::int64_t, std::size_t> others;
  for (const Detection& detection : detections.list)
    if (unlisted(detection.category_id)) ++others[detection.category_id];
  for (const auto& [category, count] : others)
    notes.push_back(fmt::format("{} of category {}, which the annotations do not list (they list {}): not scored",
                                counted(count, "result", "results"), category, fmt::join(truth.categories, ", ")));
  return notes;
}

}  // namespace posecu
