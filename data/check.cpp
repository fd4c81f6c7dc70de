#include "data/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <unordered_map>
#include <unordered_set>

#include "core/error.h"
#include "data/augment.h"
#include "data/picture.h"

namespace posecu {
namespace {

struct Words {
  std::string_view title, effect;
};
constexpr std::array<Words, static_cast<std::size_t>(ProblemKind::count)> kWords{{
    {"entries that cannot be used", "training refuses the file"},
    {"pictures without a file", "training stops there; data.skip_missing=N leaves up to N out"},
    {"pictures that cannot be read", "training stops there; data.tolerate_damage=true fills a damaged JPEG with grey"},
    {"pictures of another size than the annotations say", "the picture's own size counts, keypoints stay as they are"},
    {"masks that do not fit their picture", "training stops there"},
    {"files that several pictures name", "each is trained on, with its own labels"},
    {"labelled keypoints outside of the picture", "the heatmap loss does not count there: it is masked"},
    {"labelled keypoints at (0, 0)", "trained on as they stand: missing ones have visibility 0"},
    {"people with keypoints far outside of their box",
     "the box decides the person's scale, keypoints stay as they are"},
    {"people whose box is empty", "their scale counts as 0, the smallest"},
    {"people without area", "0.53 of the box stands for it, in training; scoring by COCO's rules refuses the file"},
    {"people whose num_keypoints is not the number of marked keypoints", "counted anew"},
    {"people without labelled keypoints and without segmentation", "not masked: trained on as background"},
    {"people with the same keypoints as another one of their picture", "both count, and push them apart in vain"},
}};

std::string person_place(const Annotation& person) { return fmt::format("annotation {}", person.id); }

std::string size_text(const PictureLabel& picture) { return fmt::format("{} x {}", picture.width, picture.height); }

void check_keypoints(CheckReport& report, const DataSet& set, const PictureLabel& picture, const Annotation& person) {
  const auto [left, top, width, height] = person.bbox;
  std::size_t far = 0;
  for (std::size_t k = 0; k < set.skeleton.keypoints.size(); ++k) {
    const double x = person.keypoints[3 * k], y = person.keypoints[3 * k + 1];
    if (!(person.keypoints[3 * k + 2] > 0)) continue;
    const auto found_at = [&] { return fmt::format("{} at ({}, {})", set.skeleton.keypoints[k], x, y); };
    if (x == 0 && y == 0) {
      report.add(ProblemKind::at_origin, person_place(person), found_at());
    } else if (x < 0 || y < 0 || x > picture.width || y > picture.height) {
      report.add(ProblemKind::outside, person_place(person),
                 fmt::format("{}, picture {} has {}", found_at(), picture.id, size_text(picture)));
    }
    far += x < left - width || x > left + 2 * width || y < top - height || y > top + 2 * height;
  }
  if (far > 0 && width > 0 && height > 0)
    report.add(ProblemKind::outside_box, person_place(person),
               fmt::format("{} keypoints, box [{}, {}, {}, {}]", far, left, top, width, height));
}

void check_person(CheckReport& report, const DataSet& set, const PictureLabel& picture, const Annotation& person) {
  check_keypoints(report, set, picture, person);
  if (person.num_keypoints > 0 && (person.bbox[2] <= 0 || person.bbox[3] <= 0))
    report.add(ProblemKind::empty_box, person_place(person),
               fmt::format("box of {} x {}", person.bbox[2], person.bbox[3]));
  if ((person.iscrowd || person.num_keypoints == 0) && person.segmentation.empty())
    report.add(ProblemKind::unmasked, person_place(person), fmt::format("in picture {}", picture.id));
}

void check_twins(CheckReport& report, const PictureLabel& picture) {
  const std::vector<Annotation>& people = picture.annotations;
  for (std::size_t i = 0; i < people.size(); ++i)
    for (std::size_t j = 0; j < i && people[i].num_keypoints > 0; ++j)
      if (people[i].keypoints == people[j].keypoints) {
        report.add(ProblemKind::twin, person_place(people[i]),
                   fmt::format("as annotation {}, in picture {}", people[j].id, picture.id));
        break;
      }
}

void add_ids(CheckReport& report, ProblemKind kind, const std::vector<std::int64_t>& annotations) {
  for (const std::int64_t id : annotations) report.add(kind, fmt::format("annotation {}", id), "");
}

}  // namespace

std::string_view title_of(ProblemKind kind) { return kWords[static_cast<std::size_t>(kind)].title; }
std::string_view effect_of(ProblemKind kind) { return kWords[static_cast<std::size_t>(kind)].effect; }

void CheckReport::add(ProblemKind kind, std::string where, std::string what) {
  Problem& problem = problems_[static_cast<std::size_t>(kind)];
  problem.kind = kind;
  if (++problem.count <= Problem::kMostPlaces) problem.places.push_back({std::move(where), std::move(what)});
}

void CheckReport::add(const CheckReport& other) {
  for (const Problem& problem : other.problems()) {
    for (const Problem::Place& place : problem.places) add(problem.kind, place.where, place.what);
    add_unnamed(problem.kind, problem.count - problem.places.size());
  }
}

void CheckReport::add_unnamed(ProblemKind kind, std::size_t count) {
  problems_[static_cast<std::size_t>(kind)].count += count;
}

std::vector<Problem> CheckReport::problems() const {
  std::vector<Problem> met;
  for (const Problem& problem : problems_)
    if (problem.count > 0) met.push_back(problem);
  return met;
}

CheckReport check_labels(const DataSet& set) {
  CheckReport report;
  for (const Fault& fault : set.faults.first()) report.add(ProblemKind::unusable, fault.place, fault.problem);
  report.add_unnamed(ProblemKind::unusable, set.faults.count() - set.faults.first().size());
  std::unordered_map<std::string, std::int64_t> pictures;
  for (const PictureLabel& picture : set.pictures) {
    const auto [first, fresh] = pictures.emplace(picture.file_name, picture.id);
    if (!fresh)
      report.add(ProblemKind::same_file, fmt::format("picture {}", picture.id),
                 fmt::format("{}, as picture {}", picture.file_name, first->second));
    for (const Annotation& person : picture.annotations) check_person(report, set, picture, person);
    check_twins(report, picture);
  }
  // CrowdPose has no areas at all: there it is the rule.
  const bool crowdpose =
      std::ranges::all_of(set.pictures, [](const auto& picture) { return picture.crowd_index.has_value(); });
  if (!crowdpose) add_ids(report, ProblemKind::no_area, set.corrections.without_area);
  add_ids(report, ProblemKind::recounted, set.corrections.recounted);
  return report;
}

CheckReport check_picture(const DataSet& set, const PictureLabel& label) {
  CheckReport report;
  const std::string place = fmt::format("picture {}", label.id);
  std::error_code unknown;
  if (!std::filesystem::exists(label.path, unknown)) {
    report.add(ProblemKind::missing_picture, place, label.path);
    return report;
  }
  Picture picture;
  try {
    picture = read_picture(label);
  } catch (const std::exception& error) {  // also a machine's: a disk that does not give the file
    report.add(ProblemKind::unreadable_picture, place, error.what());
    return report;
  }
  if (picture.width != label.width || picture.height != label.height)
    report.add(ProblemKind::other_size, place,
               fmt::format("{} has {} x {} pixels, the annotations say {}", label.path, picture.width, picture.height,
                           size_text(label)));
  try {
    training_mask(label, picture.width, picture.height, set.annotation_file);
  } catch (const InputError& error) {
    report.add(ProblemKind::mask_of_other_size, place, error.what());
  }
  return report;
}

}  // namespace posecu
