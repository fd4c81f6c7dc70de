// JSON that verbs print or write for other programs.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "data/picture.h"
#include "data/skeleton.h"
#include "pose/evaluate.h"
#include "pose/person.h"

namespace posecu {

// One picture's people, as docs/predict_json.md describes: one line without a newline.
std::string people_json(std::string_view file, const Picture& picture, const Skeleton& skeleton,
                        std::span<const Person> people);

struct EvaluatedSet {
  std::string model;  // the weights file
  std::string dataset, part;
  std::optional<std::string> chosen_on;  // where the checkpoint was the best of its training
  std::size_t pictures = 0, people = 0;
};
std::string score_json(const EvaluatedSet& set, const ScoreTable& table);

struct ScoredFiles {
  std::string annotations, results;  // their names
  std::size_t pictures = 0, people = 0, found = 0;
};
std::string score_json(const ScoredFiles& files, const ScoreTable& table, const std::vector<std::string>& warnings);

}  // namespace posecu
