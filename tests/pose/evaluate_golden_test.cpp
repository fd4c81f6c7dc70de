// Scoring against the numbers of the official tools (tests/goldens/README.md, evaluate).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/safetensors.h"
#include "pose/evaluate.h"
#include "pose/evaluate_input.h"
#include "pose/evaluate_matching.h"
#include "pose/oks.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Problems = std::vector<std::string>;

// All sums are of doubles in the tools' own order; only exp() may differ by its last bit.
constexpr double kTolerance = 1e-12;

bool differs(double found, double expected) { return !(std::abs(found - expected) <= kTolerance); }

void check_values(Problems& problems, const std::string& what, const std::vector<double>& found,
                  const std::vector<double>& expected) {
  if (found.size() != expected.size()) {
    problems.push_back(fmt::format("{}: {} values, expected {}", what, found.size(), expected.size()));
    return;
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!differs(found[i], expected[i])) continue;
    problems.push_back(fmt::format("{}[{}]: {}, expected {}", what, i, found[i], expected[i]));
    return;
  }
}

struct ScoredCase {
  GroundTruth truth;
  Detections detections;
  Json expected;
  Safetensors tensors;
};

void check_table(Problems& problems, const ScoredCase& golden, const std::string& name, const ScoreTable& table) {
  std::size_t checked = 0;
  for (const auto& [statistic, value] : golden.expected.at(name).items()) {
    if (statistic.starts_with("unused")) continue;
    ++checked;
    const double found = table.value(statistic);
    if (differs(found, value.get<double>())) {
      problems.push_back(fmt::format("{} {}: {}, expected {}", name, statistic, found, value.get<double>()));
    }
  }
  if (checked != table.statistics.size()) {
    problems.push_back(fmt::format("{}: {} numbers, expected {}", name, table.statistics.size(), checked));
  }
  for (const auto& [suffix, found] : {std::pair{".precision.f64", &table.precision}, {".recall.f64", &table.recall}}) {
    if (golden.tensors.contains(name + suffix)) {
      check_values(problems, name + suffix, *found, golden.tensors.doubles(name + suffix));
    }
  }
}

void check_evaluator(Problems& problems, const ScoredCase& golden, const std::string& name, Evaluator evaluator,
                     std::vector<ScoreTable>& tables) {
  const EvaluateOptions options = options_for(golden.truth, evaluator);
  if (!golden.expected.at(name).contains("error")) {
    tables.push_back(evaluate(golden.truth, golden.detections, options));
    check_table(problems, golden, name, tables.back());
    return;
  }
  try {
    evaluate(golden.truth, golden.detections, options);
    problems.push_back(name + ": the tool raises an error, and this did not");
  } catch (const InputError&) {  // as the tool
  }
}

void check_oks(Problems& problems, const ScoredCase& golden) {
  const EvaluateOptions options = options_for(golden.truth, Evaluator::xtcocotools);
  const Oks oks(options.sigmas, options.protocol == Protocol::coco ? OksArea::annotation : OksArea::box);
  const PictureOrder pictures(golden.truth);
  auto people = people_of_category(golden.truth, golden.detections, pictures, 1, Evaluator::xtcocotools);
  for (const auto& [id, rows] : golden.expected.at("oks_first_images").items()) {
    PicturePeople& picture = people.at(static_cast<std::size_t>(pictures.find(std::stoll(id))));
    keep_best_detections(picture);
    std::vector<double> expected;
    for (const auto& row : rows) {
      for (const auto& value : row) expected.push_back(value.get<double>());
    }
    check_values(problems, "OKS of picture " + id, oks_matrix(picture, oks), expected);
  }
}

Problems check_evaluate_case(const fs::path& folder) {
  const ScoredCase golden{read_ground_truth(folder / "gt.json"), read_results(folder / "detections.json"),
                          Json::parse(read_text_file(folder / "expected.json")),
                          Safetensors::read(folder / "expected.safetensors")};
  Problems problems;
  const std::pair<const char*, Evaluator> evaluators[] = {{"xtcocotools_keypoints", Evaluator::xtcocotools},
                                                          {"xtcocotools_keypoints_crowd", Evaluator::xtcocotools},
                                                          {"pycocotools_keypoints", Evaluator::pycocotools},
                                                          {"crowdposetools", Evaluator::crowdposetools}};
  std::vector<ScoreTable> tables;
  std::size_t checked = 0;
  for (const auto& [name, evaluator] : evaluators) {
    if (!golden.expected.contains(name)) continue;
    check_evaluator(problems, golden, name, evaluator, tables);
    ++checked;
  }
  if (checked < 2) problems.emplace_back("expected the numbers of two evaluators");
  if (tables.size() == 2 &&
      golden.expected.at("evaluators_agree_on_precision").get<bool>() != (tables[0].precision == tables[1].precision)) {
    problems.emplace_back("the evaluators agree where the tools do not, or the other way round");
  }
  if (golden.expected.contains("oks_first_images")) check_oks(problems, golden);
  const std::pair<const char*, std::size_t> counts[] = {{"images", golden.truth.pictures.size()},
                                                        {"annotations", golden.truth.people.size()},
                                                        {"detections", golden.detections.list.size()}};
  for (const auto& [name, count] : counts) {
    if (golden.expected.at(name).get<std::size_t>() != count)
      problems.push_back(fmt::format("read {} {}", count, name));
  }
  return problems;
}

TEST(EvaluateGolden, EqualsTheOfficialTools) { run_golden_cases("evaluate", check_evaluate_case); }

TEST(EvaluateGolden, SeesADamagedStatistic) {
  expect_damage_is_seen(
      "evaluate", "coco_synthetic_40",
      [](const fs::path& folder) { damage_json(folder / "expected.json", "/pycocotools_keypoints/ARL"); },
      check_evaluate_case);
}

TEST(EvaluateGolden, SeesADamagedCrowdStatistic) {
  expect_damage_is_seen(
      "evaluate", "crowdpose_synthetic_30",
      [](const fs::path& folder) { damage_json(folder / "expected.json", "/crowdposetools/AP_hard"); },
      check_evaluate_case);
}

TEST(EvaluateGolden, SeesADamagedSimilarity) {
  expect_damage_is_seen(
      "evaluate", "coco_real",
      [](const fs::path& folder) { damage_json(folder / "expected.json", "/oks_first_images/785/0/0"); },
      check_evaluate_case);
}

TEST(EvaluateGolden, SeesADamagedPrecision) {
  expect_damage_is_seen(
      "evaluate", "annotation_id_zero",
      [](const fs::path& folder) {
        damage_tensor(folder / "expected.safetensors", "pycocotools_keypoints.precision.f64");
      },
      check_evaluate_case);
}

TEST(EvaluateGolden, SeesADamagedRecall) {
  expect_damage_is_seen(
      "evaluate", "coco_real",
      [](const fs::path& folder) {
        damage_tensor(folder / "expected.safetensors", "xtcocotools_keypoints.recall.f64");
      },
      check_evaluate_case);
}

}  // namespace
}  // namespace posecu
