#include "apps/people_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace posecu {
namespace {

using Json = nlohmann::ordered_json;

// A file's name may hold bytes that are no UTF-8, and JSON cannot: they become U+FFFD.
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// Floats as the shortest text that reads back as the same float: 0.1, not 0.10000000149011612.
double shortest(float value) { return std::stod(fmt::format("{}", value)); }

// Evaluator, numbers and notes; -1, "nobody to find", is null.
void add_table(Json& json, const ScoreTable& table) {
  json["evaluator"] = to_string(table.evaluator);
  Json statistics = Json::object();
  for (const Statistic& statistic : table.statistics)
    statistics[statistic.name] = statistic.value == -1 ? Json() : Json(statistic.value);
  json["statistics"] = std::move(statistics);
  json["notes"] = table.notes;
}

}  // namespace

std::string people_json(std::string_view file, const Picture& picture, const Skeleton& skeleton,
                        std::span<const Person> people) {
  Json list = Json::array();
  for (const Person& person : people) {
    Json keypoints = Json::array();
    for (std::size_t k = 0; k < person.keypoints.size(); ++k) {
      const Keypoint& keypoint = person.keypoints[k];
      keypoints.push_back({{"name", skeleton.keypoints[k]},
                           {"x", shortest(keypoint.x)},
                           {"y", shortest(keypoint.y)},
                           {"score", shortest(keypoint.score)},
                           {"refined", keypoint.refined}});
    }
    list.push_back({{"score", person.score}, {"keypoints", std::move(keypoints)}});
  }
  return dump({{"file", file},
               {"width", picture.width},
               {"height", picture.height},
               {"skeleton", skeleton.name},
               {"people", std::move(list)}});
}

std::string score_json(const EvaluatedSet& set, const ScoreTable& table) {
  Json json{{"model", set.model},       {"chosen_on", set.chosen_on ? Json(*set.chosen_on) : Json()},
            {"dataset", set.dataset},   {"part", set.part},
            {"pictures", set.pictures}, {"people", set.people}};
  add_table(json, table);
  return dump(json);
}

std::string score_json(const ScoredFiles& files, const ScoreTable& table, const std::vector<std::string>& warnings) {
  Json json{{"annotations", files.annotations},
            {"results", files.results},
            {"pictures", files.pictures},
            {"people", files.people},
            {"found", files.found}};
  add_table(json, table);
  json["warnings"] = warnings;
  return dump(json);
}

}  // namespace posecu
