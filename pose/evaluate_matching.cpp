#include "pose/evaluate_matching.h"

#include <algorithm>
#include <cmath>
#include <future>

#include "core/context.h"

namespace posecu {

namespace {

constexpr int kThresholds = ScoreTable::kThresholds, kAreas = ScoreTable::kAreas;
constexpr std::size_t kPicturesWorthAThread = 500;  // about a millisecond

struct AreaRange {
  double low, high;
  bool excludes(double area) const { return area < low || area > high; }
};
constexpr std::array<AreaRange, kAreas> kRanges{{{0, 1e10}, {32 * 32, 96 * 96}, {96 * 96, 1e10}}};

// numpy's linspace(.5, .95, 10): a step of (0.95 - 0.5) / 9, not of 0.05, and the last one exact.
double threshold(int t) { return t == kThresholds - 1 ? 0.95 : t * ((0.95 - 0.5) / (kThresholds - 1)) + 0.5; }

// Whether nobody expects this person to be found. The tools look at different fields for it.
bool is_ignored(const ScoredPerson& person, const EvaluateOptions& options) {
  if (person.crowd) return true;
  if (options.evaluator != Evaluator::xtcocotools || options.protocol == Protocol::crowdpose) {
    return person.labelled_keypoints.value() == 0;
  }
  for (std::size_t k = 2; k < person.keypoints.size(); k += 3) {
    if (person.keypoints[k] > 0) return false;
  }
  return true;
}

// The tools store the id of the matched annotation: xtcocotools reads a negative one as "no match", the others 0.
bool match_counts(const ScoredPerson& person, Evaluator evaluator) {
  return evaluator == Evaluator::xtcocotools ? person.id >= 0 : person.id != 0;
}

// One picture's people as matching sees them: those that count first, each in file order.
struct Candidates {
  std::vector<std::size_t> order;  // indices of people
  std::vector<char> ignored;       // of each person
};

Candidates candidates_of(const PicturePeople& picture, const Oks& oks, const EvaluateOptions& options,
                         const AreaRange& range) {
  Candidates candidates;
  for (const ScoredPerson* person : picture.people) {
    candidates.order.push_back(candidates.order.size());
    candidates.ignored.push_back(is_ignored(*person, options) || range.excludes(oks.area(*person)));
  }
  std::ranges::stable_partition(candidates.order, [&](std::size_t g) { return !candidates.ignored[g]; });
  return candidates;
}

constexpr std::size_t kNobody = ~std::size_t{0};

// Whom a detection with these OKS finds: the best free person, of those that count if any reaches the threshold.
std::size_t best_person(const PicturePeople& picture, const Candidates& candidates, const double* similarity,
                        const std::vector<char>& taken, double least) {
  std::size_t best = kNobody;
  for (const std::size_t g : candidates.order) {
    if (taken[g] && !picture.people[g]->crowd) continue;
    if (best != kNobody && !candidates.ignored[best] && candidates.ignored[g]) break;
    if (similarity[g] < least) continue;
    least = similarity[g];
    best = g;
  }
  return best;
}

void match_area(std::span<Outcome> outcomes, const PicturePeople& picture, const Candidates& candidates,
                std::span<const double> similarities, int area, Evaluator evaluator) {
  const std::size_t people = picture.people.size();
  std::vector<char> taken(people);
  for (int t = 0; t < kThresholds; ++t) {
    const auto bit = static_cast<std::uint16_t>(1U << t);
    std::ranges::fill(taken, 0);
    for (std::size_t d = 0; d < outcomes.size(); ++d) {
      const auto& box = picture.detections[d]->bbox;
      const std::size_t g =
          best_person(picture, candidates, similarities.data() + d * people, taken, std::min(threshold(t), 1 - 1e-10));
      bool matched = false, ignored = false;
      if (g != kNobody) {
        taken[g] = 1;
        matched = match_counts(*picture.people[g], evaluator);
        ignored = candidates.ignored[g];
      }
      if (!matched && kRanges[static_cast<std::size_t>(area)].excludes(box[2] * box[3])) ignored = true;
      if (matched) outcomes[d].matched[static_cast<std::size_t>(area)] |= bit;
      if (ignored) outcomes[d].ignored[static_cast<std::size_t>(area)] |= bit;
    }
  }
}

// One thread's share: neighbouring pictures, the first of which is number `begin` of all.
Matches match_part(std::span<PicturePeople> pictures, std::size_t begin, const Oks& oks,
                   const EvaluateOptions& options) {
  Matches matches;
  for (PicturePeople& picture : pictures) {
    keep_best_detections(picture);
    const std::vector<double> similarities = oks_matrix(picture, oks, threshold(0));
    const std::size_t first = matches.outcomes.size();
    for (const Detection* detection : picture.detections) {
      matches.outcomes.push_back(
          {.score = detection->score, .picture = static_cast<int>(begin + matches.to_find.size())});
    }
    AreaCounts to_find{};
    for (int area = 0; area < kAreas; ++area) {
      const auto a = static_cast<std::size_t>(area);
      const Candidates candidates = candidates_of(picture, oks, options, kRanges[a]);
      to_find[a] = static_cast<int>(std::ranges::count(candidates.ignored, 0));
      match_area(std::span(matches.outcomes).subspan(first), picture, candidates, similarities, area,
                 options.evaluator);
    }
    matches.to_find.push_back(to_find);
  }
  return matches;
}

}  // namespace

void keep_best_detections(PicturePeople& picture) {
  std::ranges::stable_sort(picture.detections, std::ranges::greater{}, &Detection::score);
  if (picture.detections.size() > kMostDetections) picture.detections.resize(kMostDetections);
}

std::vector<double> oks_matrix(const PicturePeople& picture, const Oks& oks, double least) {
  std::vector<double> matrix;
  matrix.reserve(picture.detections.size() * picture.people.size());
  for (const Detection* detection : picture.detections) {
    for (const ScoredPerson* person : picture.people) matrix.push_back(oks.at_least(least, *detection, *person));
  }
  return matrix;
}

Matches match_people(std::span<PicturePeople> pictures, const Oks& oks, const EvaluateOptions& options) {
  const std::size_t size = pictures.size();
  const auto parts = std::clamp<std::size_t>(size / kPicturesWorthAThread, 1, static_cast<std::size_t>(usable_cores()));
  std::vector<std::future<Matches>> others;
  const auto begin_of = [&](std::size_t part) { return size * part / parts; };
  const auto match = [&](std::size_t part) {
    const std::size_t begin = begin_of(part);
    return match_part(pictures.subspan(begin, begin_of(part + 1) - begin), begin, oks, options);
  };
  for (std::size_t part = 1; part < parts; ++part) others.push_back(std::async(std::launch::async, match, part));
  Matches matches = match(0);
  for (std::future<Matches>& other : others) {
    const Matches more = other.get();
    matches.outcomes.insert(matches.outcomes.end(), more.outcomes.begin(), more.outcomes.end());
    matches.to_find.insert(matches.to_find.end(), more.to_find.begin(), more.to_find.end());
  }
  std::ranges::stable_sort(matches.outcomes, std::ranges::greater{}, &Outcome::score);
  return matches;
}

}  // namespace posecu
