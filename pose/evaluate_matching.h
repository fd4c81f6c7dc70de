// The first half of an evaluation: who found whom, at each threshold and area range, of one category.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "pose/evaluate.h"
#include "pose/oks.h"

namespace posecu {

using AreaCounts = std::array<int, ScoreTable::kAreas>;
using AreaBits = std::array<std::uint16_t, ScoreTable::kAreas>;  // bit t: at threshold t

// What became of one detection: a match counts as found, neither match nor ignored as a false alarm.
struct Outcome {
  double score = 0;
  int picture = 0;  // index into the pictures by rising id
  AreaBits matched{}, ignored{};
};

struct Matches {
  std::vector<Outcome> outcomes;    // by falling score, then rising picture id, then file order
  std::vector<AreaCounts> to_find;  // of each picture: people that count
};

// The labelled and the found people of one picture and category, in file order.
struct PicturePeople {
  std::vector<const ScoredPerson*> people;
  std::vector<const Detection*> detections;
};

// Leaves the best 20 detections, by falling score; equal ones keep their order.
void keep_best_detections(PicturePeople& picture);

// OKS of each kept detection (row) with each person (column); 0 may stand for one below `least`.
std::vector<double> oks_matrix(const PicturePeople& picture, const Oks& oks, double least = 0);

// `pictures` by rising id; their detections are cut to the best 20.
Matches match_people(std::span<PicturePeople> pictures, const Oks& oks, const EvaluateOptions& options);

}  // namespace posecu
