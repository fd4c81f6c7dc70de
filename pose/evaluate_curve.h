// The second half of an evaluation: precision at 101 recall points, from detections by falling score.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "pose/evaluate_matching.h"

namespace posecu {

struct Curve {
  std::array<double, ScoreTable::kRecalls> precision;  // at recall 0, 0.01, ... 1: 0 beyond the highest recall
  double recall;                                       // the highest
};

// One curve a threshold of the pictures for which `use` holds (index by rising id); all -1 where there is nobody to
// find.
using PictureFilter = std::function<bool(int picture)>;
std::array<Curve, ScoreTable::kThresholds> precision_curves(const Matches& matches, int area, const PictureFilter& use);

}  // namespace posecu
