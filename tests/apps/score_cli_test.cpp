// `posecu score` on the golden sets of scoring, and on files that somebody got wrong.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/file.h"
#include "tests/apps/program.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

// Every evaluator of a golden case, against what the tool of that name said.
std::vector<std::string> check_score_case(const fs::path& folder) {
  std::vector<std::string> problems;
  const json expected = json::parse(read_text_file(folder / "expected.json"));
  for (const std::string name :
       {"xtcocotools_keypoints", "xtcocotools_keypoints_crowd", "pycocotools_keypoints", "crowdposetools"}) {
    if (!expected.contains(name)) continue;
    const ProgramResult result = run_posecu(
        {"score", "gt.json", "detections.json", "--json", "--evaluator", name.substr(0, name.find("_key"))}, folder);
    if (expected[name].contains("error")) {
      if (result.code != 3) problems.push_back(fmt::format("{}: exit code {}, the tool fails", name, result.code));
      continue;
    }
    if (result.code != 0) {
      problems.push_back(fmt::format("{}: exit code {}: {}", name, result.code, result.err));
      continue;
    }
    const json statistics = json::parse(result.out).at("statistics");
    for (const auto& [statistic, value] : expected[name].items()) {
      if (statistic.starts_with("unused")) continue;
      const json found = statistics.value(statistic, json("missing"));
      const bool equal = value == -1
                             ? found.is_null()
                             : found.is_number() && std::abs(found.get<double>() - value.get<double>()) <= 1e-12;
      if (!equal)
        problems.push_back(fmt::format("{} {}: {}, expected {}", name, statistic, found.dump(), value.dump()));
    }
  }
  return problems;
}

TEST(ScoreCliGolden, EqualsTheOfficialTools) { run_golden_cases("evaluate", check_score_case); }

TEST(ScoreCliGolden, SeesADamagedStatistic) {
  expect_damage_is_seen(
      "evaluate", "crowdpose_synthetic_30",
      [](const fs::path& folder) { damage_json(folder / "expected.json", "/crowdposetools/AP_hard"); },
      check_score_case);
}

class ScoreCliTest : public testing::Test {
 protected:
  void use(const std::string& name) {
    for (const char* file : {"gt.json", "detections.json"})
      fs::copy_file(mini_goldens() / "evaluate" / name / file, folder_.path() / file,
                    fs::copy_options::overwrite_existing);
  }
  ProgramResult score(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"score", "gt.json", "detections.json"};
    words.insert(words.end(), more.begin(), more.end());
    return run_posecu(words, folder_.path());
  }
  template <class Change>
  void change(const char* file, Change apply) const {
    const std::string path = (folder_.path() / file).string();
    json document = json::parse(read_text_file(path));
    apply(document);
    write_file_atomically(path, document.dump());
  }

  TemporaryFolder folder_;
};

// The lines of pycocotools 2.0.11 and xtcocotools 1.14.3 for this very set.
TEST_F(ScoreCliTest, PrintsTheLinesOfTheTools) {
  use("coco_synthetic_40");
  constexpr const char* kLines[] = {" Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets= 20 ] = ",
                                    " Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets= 20 ] = ",
                                    " Average Precision  (AP) @[ IoU=0.75      | area=   all | maxDets= 20 ] = ",
                                    " Average Precision  (AP) @[ IoU=0.50:0.95 | area=medium | maxDets= 20 ] = ",
                                    " Average Precision  (AP) @[ IoU=0.50:0.95 | area= large | maxDets= 20 ] = ",
                                    " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets= 20 ] = ",
                                    " Average Recall     (AR) @[ IoU=0.50      | area=   all | maxDets= 20 ] = ",
                                    " Average Recall     (AR) @[ IoU=0.75      | area=   all | maxDets= 20 ] = ",
                                    " Average Recall     (AR) @[ IoU=0.50:0.95 | area=medium | maxDets= 20 ] = ",
                                    " Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets= 20 ] = "};
  const json expected = json::parse(read_text_file(mini_goldens() / "evaluate/coco_synthetic_40/expected.json"));
  const auto lines_of = [&](const std::string& tool, const char* number) {
    std::string lines;
    constexpr const char* kNames[] = {"AP", "AP50", "AP75", "APM", "APL", "AR", "AR50", "AR75", "ARM", "ARL"};
    for (std::size_t i = 0; i < std::size(kLines); ++i)
      lines +=
          kLines[i] + fmt::format(fmt::runtime(number), expected[tool + "_keypoints"][kNames[i]].get<double>()) + "\n";
    return lines + "evaluator: " + tool + "\n";
  };
  EXPECT_THAT(score().out, testing::StartsWith(lines_of("xtcocotools", "{: .3f}")));
  EXPECT_THAT(score({"--evaluator", "pycocotools"}).out, testing::StartsWith(lines_of("pycocotools", "{:.3f}")));
}

TEST_F(ScoreCliTest, PrintsCrowdPosesClassesAsEachToolDoes) {
  use("crowdpose_synthetic_30");
  EXPECT_THAT(score().out,
              HasSubstr(" Average Recall     (AR) @[ IoU=0.75      | area=   all | maxDets= 20 ] =  0.402\n"
                        " Average Precision  (AP) @[ IoU=0.50:0.95 | type=  easy | maxDets= 20 ] = 0.477\n"
                        " Average Precision  (AP) @[ IoU=0.50:0.95 | type=medium | maxDets= 20 ] = 0.181\n"
                        " Average Precision  (AP) @[ IoU=0.50:0.95 | type=  hard | maxDets= 20 ] = 0.232\n"
                        "evaluator: xtcocotools (CrowdPose)\n"));
  EXPECT_THAT(score({"--evaluator", "crowdposetools"}).out,
              HasSubstr(" Average Recall     (AR) @[ IoU=0.75      | area=   all | maxDets= 20 ] = 0.402\n"
                        " Average Recall     (AR) @[ IoU=0.50:0.95 | type=  easy | maxDets= 20 ] = 0.477\n"
                        " Average Recall     (AR) @[ IoU=0.50:0.95 | type=medium | maxDets= 20 ] = 0.181\n"
                        " Average Recall     (AR) @[ IoU=0.50:0.95 | type=  hard | maxDets= 20 ] = 0.232\n"
                        "evaluator: crowdposetools (CrowdPose)\n"));
}

TEST_F(ScoreCliTest, WarnsOfWhatTheWriterHardlyMeant) {
  use("coco_synthetic_40");
  change("detections.json", [](json& list) {
    for (json& entry : list)
      for (std::size_t k = 0; k < 51; ++k)
        if (k % 3 != 2) entry["keypoints"][k] = entry["keypoints"][k].get<double>() / 2000;
  });
  ProgramResult result = score();
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.err, HasSubstr("posecu: warning: detections.json: no coordinate is beyond 1.5"));
  EXPECT_THAT(score({"--quiet"}).err, IsEmpty());
  result = score({"--json"});
  EXPECT_THAT(json::parse(result.out).at("warnings").dump(), HasSubstr("normalised"));

  use("coco_synthetic_40");
  change("detections.json", [](json& list) {
    for (json& entry : list) entry["category_id"] = 0;
  });
  result = score();
  EXPECT_EQ(result.code, 0) << "the tools score it too";
  EXPECT_THAT(result.out,
              HasSubstr("results of category 0, which the annotations do not list (they list 1): not scored"));
}

TEST_F(ScoreCliTest, NamesTheFirstUnknownPictures) {
  use("coco_synthetic_40");
  change("detections.json", [](json& list) {
    for (std::size_t i = 0; i < 7; ++i) list[i]["image_id"] = 700 + i;
  });
  ProgramResult result = score();
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, HasSubstr("detections.json: has results of pictures that gt.json does not list: "
                                    "700, 701, 702, 703, 704, ...\n  try: "));
  change("detections.json", [](json& list) { list[3]["image_id"] = "000000000785.jpg"; });
  result = score();
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("detections.json: [3].image_id: expected an integer, found the text "
                                    "\"000000000785.jpg\""));
}

TEST_F(ScoreCliTest, ChecksAFileForAServerWithoutAnnotations) {
  use("coco_synthetic_40");
  change("gt.json", [](json& document) {
    document.erase("annotations");
    for (json& category : document["categories"]) category.erase("keypoints");
  });
  ProgramResult result = score();
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("note: gt.json has no annotations: there is nothing to score\n"));
  EXPECT_THAT(result.out, HasSubstr("note: detections.json is in order: "));
  EXPECT_THAT(json::parse(score({"--json"}).out).at("statistics"), IsEmpty());
  change("detections.json", [](json& list) { list[2]["category_id"] = 2; });
  result = score();
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("detections.json: [2].category_id: expected 1, found 2"));
}

TEST_F(ScoreCliTest, RefusesWrongUsageAndMissingFiles) {
  use("coco_synthetic_40");
  EXPECT_EQ(score({"--evaluator", "cocotools"}).code, 2);
  EXPECT_EQ(run_posecu({"score", "gt.json"}, folder_.path()).code, 2);
  ProgramResult result = run_posecu({"score", "gt.json", "nowhere.json"}, folder_.path());
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("nowhere.json"));
  result = run_posecu({"score", "nowhere.json", "detections.json"}, folder_.path());
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("nowhere.json"));
  result = run_posecu({"score", "detections.json", "gt.json"}, folder_.path());
  EXPECT_EQ(result.code, 3) << "the wrong way round";
}

}  // namespace
}  // namespace posecu
