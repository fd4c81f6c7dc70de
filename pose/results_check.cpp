#include "pose/results_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <unordered_map>
#include <unordered_set>

#include "core/counted.h"
#include "core/error.h"

namespace posecu {

namespace {

std::string results_text(std::size_t n, std::string_view verb_of_one, std::string_view verb_of_many) {
  return fmt::format("{} {}", counted(n, "result", "results"), n == 1 ? verb_of_one : verb_of_many);
}

bool is_found(const Detection& detection, std::size_t joint) { return detection.keypoints[3 * joint + 2] > 0; }
std::size_t joints(const Detection& detection) { return detection.keypoints.size() / 3; }

template <class Condition>
bool all_found_joints(const Detection& detection, Condition holds) {
  for (std::size_t k = 0; k < joints(detection); ++k)
    if (is_found(detection, k) && !holds(detection.keypoints[3 * k], detection.keypoints[3 * k + 1])) return false;
  return true;
}

// All within 0 and 1, but for joints a little outside of the picture.
bool looks_normalised(const Detection& detection) {
  const auto near = [](double value) { return value >= -0.5 && value <= 1.5; };
  return all_found_joints(detection, [&](double x, double y) { return near(x) && near(y); });
}

// The results of each picture, in file order.
using ByPicture = std::unordered_map<std::int64_t, std::vector<const Detection*>>;

std::vector<std::int64_t> pictures_without_results(const GroundTruth& truth, const ByPicture& results) {
  std::unordered_set<std::int64_t> wanted;
  for (const ScoredPerson& person : truth.people)
    if (!person.crowd && person.labelled_keypoints.value_or(1) > 0 && !results.contains(person.picture_id))
      wanted.insert(person.picture_id);
  std::vector<std::int64_t> ids;
  for (const ScoredPicture& picture : truth.pictures)
    if (wanted.contains(picture.id)) ids.push_back(picture.id);
  return ids;
}

std::size_t count_outside(const GroundTruth& truth, const ByPicture& results) {
  std::size_t outside = 0;
  for (const ScoredPicture& picture : truth.pictures) {
    const auto found = results.find(picture.id);
    if (found == results.end() || picture.width <= 0) continue;
    for (const Detection* detection : found->second)
      outside += has_found_joint(*detection) && all_found_joints(*detection, [&](double x, double y) {
                   return x < 0 || y < 0 || x > picture.width || y > picture.height;
                 });
  }
  return outside;
}

std::size_t count_repeated(const ByPicture& results) {
  std::size_t repeated = 0;
  for (const auto& [picture, list] : results) {
    std::vector<const Detection*> sorted = list;
    const auto order = [](const Detection* a, const Detection* b) { return a->keypoints < b->keypoints; };
    std::ranges::sort(sorted, order);
    for (std::size_t i = 1; i < sorted.size(); ++i)
      repeated += sorted[i]->keypoints == sorted[i - 1]->keypoints && sorted[i]->score == sorted[i - 1]->score;
  }
  return repeated;
}

std::size_t count_beyond_limit(const ByPicture& results) {
  std::size_t beyond = 0;
  for (const auto& [picture, list] : results)
    if (list.size() > kMostDetections) beyond += list.size() - kMostDetections;
  return beyond;
}

}  // namespace

std::vector<std::string> doubtful_results(const GroundTruth& truth, const Detections& detections, Evaluator evaluator) {
  std::vector<std::string> doubts;
  const std::vector<Detection>& list = detections.list;
  if (list.empty()) return doubts;
  ByPicture results;
  for (const Detection& detection : list) results[detection.picture_id].push_back(&detection);

  if (std::ranges::all_of(list, looks_normalised) && std::ranges::any_of(list, has_found_joint))
    doubts.emplace_back("no coordinate is beyond 1.5: they look normalised to 0..1, and pixels are expected");
  if (const std::size_t n = count_outside(truth, results); n > 0)
    doubts.push_back(results_text(n, "lies wholly outside of its picture", "lie wholly outside of their pictures"));
  if (const auto ids = pictures_without_results(truth, results); !ids.empty())
    doubts.push_back(
        fmt::format("there are no results of {} with people: {}", counted_pictures(ids.size()), some_ids(ids)));
  if (const std::size_t n = count_beyond_limit(results); n > 0)
    doubts.push_back(results_text(n, "is beyond the best 20 of its picture: it does not count",
                                  "are beyond the best 20 of their pictures: they do not count"));
  const auto empty = static_cast<std::size_t>(std::ranges::count_if(list, std::not_fn(has_found_joint)));
  if (empty > 0)
    doubts.push_back(
        results_text(empty, "has", "have") + " no joint with a score above 0: " +
        (evaluator == Evaluator::xtcocotools ? "xtcocotools leaves them out" : "they count as false alarms"));
  if (const std::size_t n = count_repeated(results); n > 0)
    doubts.push_back(results_text(n, "is", "are") + " there twice");
  if (list.size() > 1 &&
      std::ranges::all_of(list, [&](const Detection& detection) { return detection.score == list[0].score; }))
    doubts.push_back(fmt::format("all results have the score {}: AP then depends on their order", list[0].score));
  return doubts;
}

void check_submission(const GroundTruth& truth, const Detections& detections, std::int64_t category, int keypoints) {
  std::unordered_set<std::int64_t> pictures;
  for (const ScoredPicture& picture : truth.pictures) pictures.insert(picture.id);
  for (std::size_t i = 0; i < detections.list.size(); ++i) {
    const Detection& detection = detections.list[i];
    const auto refuse = [&](std::string_view field, const std::string& problem) {
      throw InputError(detections.source, fmt::format("[{}].{}", i, field), problem);
    };
    if (!pictures.contains(detection.picture_id))
      refuse("image_id", fmt::format("{} does not list a picture {}", truth.source, detection.picture_id));
    if (detection.category_id != category)
      refuse("category_id", fmt::format("expected {}, found {}", category, detection.category_id));
    if (detection.keypoints.size() != 3 * static_cast<std::size_t>(keypoints))
      refuse("keypoints", fmt::format("expected {} numbers for {} joints, found {}", 3 * keypoints, keypoints,
                                      detection.keypoints.size()));
    if (!std::isfinite(detection.score)) refuse("score", "expected a finite number");
    if (!std::ranges::all_of(detection.keypoints, [](double value) { return std::isfinite(value); }))
      refuse("keypoints", "expected finite numbers");
  }
}

}  // namespace posecu
