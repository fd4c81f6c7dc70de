// 200 random sets against the official tools (score_sets/make_sets.py), where everything is wrong that can be scored.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "pose/evaluate.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using Json = nlohmann::json;

TEST(ScoreSetsTest, TwoHundredRandomSetsEqualTheOfficialTools) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "truth.json";
  const Json document = Json::parse(read_text_file(POSECU_SOURCE_FOLDER "/tests/pose/score_sets/sets.json"));
  constexpr const char* kNames[] = {"AP", "AP50", "AP75", "APM", "APL", "AR", "AR50", "AR75", "ARM", "ARL"};
  int numbers = 0, ties = 0;
  for (const Json& set : document.at("sets")) {
    write_file_atomically(path, set.at("truth").dump());
    const GroundTruth truth = read_ground_truth(path);
    const Detections results = parse_results(set.at("results").dump(), "results.json");
    for (const Evaluator evaluator : {Evaluator::pycocotools, Evaluator::xtcocotools}) {
      const ScoreTable table = evaluate(truth, results, options_for(truth, evaluator, document.at("sigmas")));
      const Json& expected = set.at(std::string(to_string(evaluator)));
      for (std::size_t i = 0; i < std::size(kNames); ++i, ++numbers)
        ASSERT_NEAR(table.value(kNames[i]), expected.at(i).get<double>(), 1e-12)
            << to_string(evaluator) << ' ' << kNames[i] << '\n'
            << set.dump();
      for (const std::string& note : table.notes) ties += note.ends_with("their order in the file counts");
    }
  }
  EXPECT_EQ(numbers, 200 * 2 * 10);
  EXPECT_GT(ties, 50) << "ties are told";
}

}  // namespace
}  // namespace posecu
