#include "pose/evaluate_curve.h"

#include <algorithm>

namespace posecu {

namespace {

// numpy's linspace(0, 1, 101).
double recall_point(std::size_t r) {
  return r == ScoreTable::kRecalls - 1 ? 1.0 : static_cast<double>(r) * (1.0 / 100);
}

// `false_alarms[k]` came before the k-th found person, counted from 0. Between two of those, precision only falls, so
// its maximum to the right, which the tools take over all detections, needs these points only.
Curve curve_of(const std::vector<int>& false_alarms, int to_find) {
  const std::size_t found = false_alarms.size();
  std::vector<double> precision(found);
  for (std::size_t k = 0; k < found; ++k) {
    const auto hits = static_cast<double>(k + 1);
    precision[k] = hits / (false_alarms[k] + hits + kSmallestStep);
  }
  for (std::size_t k = found; k-- > 1;) precision[k - 1] = std::max(precision[k - 1], precision[k]);

  Curve curve{};
  std::size_t k = 0;
  for (std::size_t r = 0; r < curve.precision.size(); ++r) {
    while (k < found && static_cast<double>(k + 1) / to_find < recall_point(r)) ++k;
    if (k == found) break;
    curve.precision[r] = precision[k];
  }
  curve.recall = static_cast<double>(found) / to_find;
  return curve;
}

}  // namespace

std::array<Curve, ScoreTable::kThresholds> precision_curves(const Matches& matches, int area,
                                                            const PictureFilter& use) {
  const auto a = static_cast<std::size_t>(area);
  int to_find = 0;
  std::vector<char> used(matches.to_find.size());
  for (std::size_t p = 0; p < used.size(); ++p) {
    used[p] = use(static_cast<int>(p));
    if (used[p]) to_find += matches.to_find[p][a];
  }
  std::array<Curve, ScoreTable::kThresholds> curves;
  if (to_find == 0) {
    for (Curve& curve : curves) {
      curve.precision.fill(-1);
      curve.recall = -1;
    }
    return curves;
  }
  std::array<std::vector<int>, ScoreTable::kThresholds> false_alarms;
  std::array<int, ScoreTable::kThresholds> alarms{};
  for (const Outcome& outcome : matches.outcomes) {
    if (!used[static_cast<std::size_t>(outcome.picture)]) continue;
    for (std::size_t t = 0; t < curves.size(); ++t) {
      if (outcome.ignored[a] >> t & 1) continue;
      if (outcome.matched[a] >> t & 1) {
        false_alarms[t].push_back(alarms[t]);
      } else {
        ++alarms[t];
      }
    }
  }
  for (std::size_t t = 0; t < curves.size(); ++t) curves[t] = curve_of(false_alarms[t], to_find);
  return curves;
}

}  // namespace posecu
