#include "pose/evaluate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/counted.h"
#include "core/error.h"
#include "data/skeleton.h"
#include "pose/evaluate_curve.h"
#include "pose/evaluate_input.h"
#include "pose/evaluate_matching.h"
#include "pose/oks.h"
#include "pose/pairwise_sum.h"

namespace posecu {

namespace {

constexpr std::size_t kThresholds = ScoreTable::kThresholds, kRecalls = ScoreTable::kRecalls,
                      kAreas = ScoreTable::kAreas;
constexpr std::array<std::string_view, 3> kEvaluators{"xtcocotools", "pycocotools", "crowdposetools"};

enum Area { kAll, kMedium, kLarge };
enum Threshold { kEvery = -1, kAt50 = 0, kAt75 = 5 };

double mean(std::span<const double> values) { return pairwise_sum(values) / static_cast<double>(values.size()); }

// The mean over thresholds, recalls (of precision) and categories where there was anybody to find; -1 if nowhere.
double mean_score(const ScoreTable& table, const std::vector<double>& values, Threshold threshold, Area area) {
  const std::size_t row = values.size() / kThresholds;
  const std::size_t first = threshold == kEvery ? 0 : static_cast<std::size_t>(threshold) * row;
  const std::size_t end = threshold == kEvery ? values.size() : first + row;
  require(table.categories == 0 || row % kAreas == 0, "scores of every area");
  std::vector<double> counted;
  for (std::size_t i = first + static_cast<std::size_t>(area); i < end; i += kAreas) {
    if (values[i] > -1) counted.push_back(values[i]);
  }
  return counted.empty() ? -1 : mean(counted);
}

void add_curves(ScoreTable& table, int category, int area, const std::array<Curve, kThresholds>& curves) {
  const auto categories = static_cast<std::size_t>(table.categories);
  for (std::size_t t = 0; t < kThresholds; ++t) {
    const std::size_t column = static_cast<std::size_t>(category) * kAreas + static_cast<std::size_t>(area);
    table.recall[t * categories * kAreas + column] = curves[t].recall;
    for (std::size_t r = 0; r < kRecalls; ++r) {
      table.precision[(t * kRecalls + r) * categories * kAreas + column] = curves[t].precision[r];
    }
  }
}

// Easy, medium and hard pictures, by crowd index: below 0.2, below 0.8, the rest.
enum class Crowding { easy, medium, hard };
Crowding crowding(double crowd_index) {
  return crowd_index < 0.2 ? Crowding::easy : crowd_index < 0.8 ? Crowding::medium : Crowding::hard;
}

std::vector<Crowding> crowding_of_pictures(const GroundTruth& truth, const PictureOrder& pictures) {
  std::vector<Crowding> result(pictures.size());
  for (const ScoredPicture& picture : truth.pictures) {
    result[static_cast<std::size_t>(pictures.find(picture.id))] = crowding(picture.crowd_index.value());
  }
  return result;
}

// AP over one crowding's pictures as the tools have it: the plain mean of the precision array, -1 of empty categories
// included, at four decimals.
double crowding_score(const std::vector<Matches>& categories, const std::vector<Crowding>& pictures, Crowding wanted) {
  std::vector<double> precision(kThresholds * kRecalls * categories.size());
  for (std::size_t k = 0; k < categories.size(); ++k) {
    const auto curves =
        precision_curves(categories[k], kAll, [&](int p) { return pictures[static_cast<std::size_t>(p)] == wanted; });
    for (std::size_t t = 0; t < kThresholds; ++t) {
      for (std::size_t r = 0; r < kRecalls; ++r) {
        precision[(t * kRecalls + r) * categories.size() + k] = curves[t].precision[r];
      }
    }
  }
  return std::nearbyint(mean(precision) * 1e4) / 1e4;
}

void add_statistics(ScoreTable& table) {
  const auto add = [&](std::string name, const std::vector<double>& values, Threshold threshold, Area area) {
    table.statistics.push_back({std::move(name), mean_score(table, values, threshold, area)});
  };
  for (const std::string kind : {"AP", "AR"}) {
    const std::vector<double>& values = kind == "AP" ? table.precision : table.recall;
    add(kind, values, kEvery, kAll);
    add(kind + "50", values, kAt50, kAll);
    add(kind + "75", values, kAt75, kAll);
    if (table.protocol == Protocol::crowdpose) continue;
    add(kind + "M", values, kEvery, kMedium);
    add(kind + "L", values, kEvery, kLarge);
  }
}

// Results of equal score and different outcome: with another order in the file, they give another AP.
std::size_t count_ties(const std::vector<Outcome>& outcomes) {
  std::size_t ties = 0;
  for (std::size_t i = 1; i < outcomes.size(); ++i) {
    const Outcome &a = outcomes[i - 1], &b = outcomes[i];
    if (a.score == b.score && (a.matched != b.matched || a.ignored != b.ignored)) ++ties;
  }
  return ties;
}

}  // namespace

std::string_view to_string(Evaluator evaluator) { return kEvaluators[static_cast<std::size_t>(evaluator)]; }

Evaluator evaluator_by_name(std::string_view name) {
  const auto at = std::ranges::find(kEvaluators, name);
  if (at == kEvaluators.end()) {
    throw UsageError(fmt::format("unknown evaluator '{}': there are {}", name, fmt::join(kEvaluators, ", ")));
  }
  return static_cast<Evaluator>(at - kEvaluators.begin());
}

EvaluateOptions options_for(const GroundTruth& truth, Evaluator evaluator, std::vector<double> sigmas) {
  const bool crowd_indices = !truth.pictures.empty() && std::ranges::all_of(truth.pictures, [](const auto& p) {
    return p.crowd_index.has_value();
  });
  EvaluateOptions options;
  options.evaluator = evaluator;
  const bool crowdpose =
      evaluator == Evaluator::crowdposetools || (evaluator == Evaluator::xtcocotools && crowd_indices);
  options.protocol = crowdpose ? Protocol::crowdpose : Protocol::coco;
  options.sigmas = std::move(sigmas);
  return options;
}

EvaluateOptions options_for(const GroundTruth& truth, Evaluator evaluator) {
  EvaluateOptions options = options_for(truth, evaluator, {});
  if (options.protocol == Protocol::crowdpose || truth.keypoints == 14) {
    options.sigmas = crowdpose_skeleton().sigmas;
  } else if (truth.keypoints == 17 || truth.keypoints == 0) {
    options.sigmas = coco_skeleton().sigmas;
  } else {
    throw UsageError(fmt::format("{} has {} joints a person: their sigmas must be given (COCO has 17, CrowdPose 14)",
                                 truth.source, truth.keypoints));
  }
  return options;
}

double ScoreTable::value(std::string_view name) const {
  const auto at = std::ranges::find(statistics, name, &Statistic::name);
  require(at != statistics.end(), "the table has no such number");
  return at->value;
}

ScoreTable evaluate(const GroundTruth& truth, const Detections& detections, const EvaluateOptions& options) {
  const PictureOrder pictures(truth);
  check_input(truth, detections, pictures, options);

  ScoreTable table;
  table.evaluator = options.evaluator;
  table.protocol = options.protocol;
  std::vector<std::int64_t> categories = truth.categories;
  std::ranges::sort(categories);
  categories.erase(std::unique(categories.begin(), categories.end()), categories.end());
  table.categories = static_cast<int>(categories.size());
  table.precision.resize(kThresholds * kRecalls * categories.size() * kAreas);
  table.recall.resize(kThresholds * categories.size() * kAreas);

  const Oks oks(options.sigmas, options.protocol == Protocol::coco ? OksArea::annotation : OksArea::box);
  std::vector<Matches> matches;
  for (const std::int64_t category : categories) {
    std::vector<PicturePeople> people = people_of_category(truth, detections, pictures, category, options.evaluator);
    matches.push_back(match_people(people, oks, options));
    for (int area = 0; area < ScoreTable::kAreas; ++area) {
      add_curves(table, static_cast<int>(matches.size()) - 1, area,
                 precision_curves(matches.back(), area, [](int) { return true; }));
    }
  }
  add_statistics(table);
  if (options.protocol == Protocol::crowdpose) {
    const std::vector<Crowding> crowding = crowding_of_pictures(truth, pictures);
    table.statistics.push_back({"AP_easy", crowding_score(matches, crowding, Crowding::easy)});
    table.statistics.push_back({"AP_medium", crowding_score(matches, crowding, Crowding::medium)});
    table.statistics.push_back({"AP_hard", crowding_score(matches, crowding, Crowding::hard)});
  }
  table.notes = unscored_entries(truth, detections, pictures);
  std::size_t ties = 0;
  for (const Matches& category : matches) ties += count_ties(category.outcomes);
  if (ties > 0)
    table.notes.push_back(
        fmt::format("{} of equal score: their order in the file counts", counted(ties, "result", "results")));
  return table;
}

}  // namespace posecu
