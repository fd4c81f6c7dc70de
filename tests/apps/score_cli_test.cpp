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
using Json = nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

// Every evaluator of a golden case, against what the tool of that name said.
std::vector<std::string> check_score_case(const fs::path& folder) {
  std::vector<std::string> problems;
  const Json expected = Json::parse(read_text_file(folder / "expected.json"));
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
    const Json statistics = Json::parse(result.out).at("statistics");
    for (const auto& [statistic, value] : expected[name].items()) {
      if (statistic.starts_with("unused")) continue;
      const Json found = statistics.value(statistic, Json("missing"));
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
    Json document = Json::parse(read_text_file(path));
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
  const Json expected = Json::parse(read_text_file(mini_goldens() / "evaluate/coco_synthetic_40/expected.json"));
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
  change("detections.json", [](Json& list) {
    for (Json& entry : list)
      for (std::size_t k = 0; k < 51; ++k)
        if (k % 3 != 2) entry["keypoints"][k] = entry["keypoints"][k].get<double>() / 2000;
  });
  ProgramResult result = score();
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.err, HasSubstr("posecu: warning: detections.json: no coordinate is beyond 1.5"));
  EXPECT_THAT(score({"--quiet"}).err, IsEmpty());
  result = score({"--json"});
  EXPECT_THAT(Json::parse(result.out).at("warnings").dump(), HasSubstr("normalised"));

  use("coco_synthetic_40");
  change("detections.json", [](Json& list) {
    for (Json& entry : list) entry["category_id"] = 0;
  });
  result = score();
  EXPECT_EQ(result.code, 0) << "the tools score it too";
  EXPECT_THAT(result.out,
              HasSubstr("results of category 0, which the annotations do not list (they list 1): not scored"));
}

TEST_F(ScoreCliTest, NamesTheFirstUnknownPictures) {
  use("coco_synthetic_40");
  change("detections.json", [](Json& list) {
    for (std::size_t i = 0; i < 7; ++i) list[i]["image_id"] = 700 + i;
  });
  ProgramResult result = score();
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, HasSubstr("detections.json: has results of pictures that gt.json does not list: "
                                    "700, 701, 702, 703, 704, ...\n  try: "));
  change("detections.json", [](Json& list) { list[3]["image_id"] = "000000000785.jpg"; });
  result = score();
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("detections.json: [3].image_id: expected an integer, found the text "
                                    "\"000000000785.jpg\""));
}

TEST_F(ScoreCliTest, ChecksAFileForAServerWithoutAnnotations) {
  use("coco_synthetic_40");
  change("gt.json", [](Json& document) {
    document.erase("annotations");
    for (Json& category : document["categories"]) category.erase("keypoints");
  });
  ProgramResult result = score();
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("note: gt.json has no annotations: there is nothing to score\n"));
  EXPECT_THAT(result.out, HasSubstr("note: detections.json is in order: "));
  EXPECT_THAT(Json::parse(score({"--json"}).out).at("statistics"), IsEmpty());
  change("detections.json", [](Json& list) { list[2]["category_id"] = 2; });
  result = score();
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("detections.json: [2].category_id: expected 1, found 2"));
}

// The sigmas of --skeleton count: with those of COCO spelled out in a file the numbers stay, with larger ones they
// rise.
TEST_F(ScoreCliTest, TakesTheSigmasOfASkeleton) {
  use("coco_synthetic_40");
  const auto ap = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"--json"};
    words.insert(words.end(), more.begin(), more.end());
    const ProgramResult result = score(words);
    EXPECT_EQ(result.code, 0) << result.err;
    return Json::parse(result.out).at("statistics").at("AP").get<double>();
  };
  const ProgramResult written = run_posecu({"config", "skeleton", "coco"}, folder_.path());
  write_file_atomically((folder_.path() / "own.toml").string(), written.out);
  EXPECT_EQ(ap({}), ap({"--skeleton", "coco"}));
  EXPECT_EQ(ap({}), ap({"--skeleton", "own.toml"}));
  std::string loose = written.out;
  const std::size_t at = loose.find("sigmas = ["), end = loose.find(']', at);
  std::string sigmas = "sigmas = [0.5";
  for (int k = 1; k < 17; ++k) sigmas += ", 0.5";
  write_file_atomically((folder_.path() / "own.toml").string(), loose.replace(at, end - at, sigmas));
  EXPECT_GT(ap({"--skeleton", "own.toml"}), ap({}) + 0.1);

  ProgramResult result = score({"--skeleton", "crowdpose"});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("keypoints: expected 42 numbers for 14 joints, found 51"));
  result = score({"--skeleton", "cocoo"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("cocoo"));
}

// Another number of joints than COCO's or CrowdPose's has no sigmas of its own.
TEST_F(ScoreCliTest, AnotherNumberOfJointsNeedsASkeleton) {
  const auto write = [&](const char* file, const std::string& text) {
    write_file_atomically((folder_.path() / file).string(), text);
  };
  write("gt.json",
        R"({"images":[{"id":1,"file_name":"a","width":90,"height":90}],"categories":[{"id":1}],"annotations":[
      {"id":1,"image_id":1,"category_id":1,"iscrowd":0,"area":900,"num_keypoints":2,"bbox":[0,0,30,30],
       "keypoints":[5,6,2,20,25,2]}]})");
  write("detections.json", R"([{"image_id":1,"category_id":1,"keypoints":[5,6,1,20,25,1],"score":0.5}])");
  const ProgramResult without = score();
  EXPECT_EQ(without.code, 2);
  EXPECT_THAT(without.err, HasSubstr("gt.json has 2 joints a person: their sigmas must be given"));
  write("own.toml",
        "name = \"ends\"\nkeypoints = [\"left_end\", \"right_end\"]\n"
        "flip_pairs = [[\"left_end\", \"right_end\"]]\nsigmas = [0.1, 0.1]\n");
  const ProgramResult with = score({"--skeleton", "own.toml"});
  EXPECT_EQ(with.code, 0) << with.err;
  EXPECT_THAT(with.out, HasSubstr("all | maxDets= 20 ] =  1.000\n"));
}

// Files, threads and memory that the system does not give end with a message, never with a signal. Of memory the
// loader of libraries may run out first, which says so itself.
TEST_F(ScoreCliTest, LimitsOfTheSystemEndWithAMessage) {
  use("coco_synthetic_40");
  const auto limited = [&](const std::string& limit) {
    return run_shell("export OMP_WAIT_POLICY=passive; posecu=$(which posecu); ulimit " + limit +
                         "; exec $posecu score gt.json detections.json --quiet",
                     folder_.path());
  };
  EXPECT_EQ(limited("-n 16").code, 0);
  const ProgramResult few_threads = limited("-u 8");
  EXPECT_TRUE(few_threads.code == 0 || few_threads.code == 4) << few_threads.err;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  for (int kilobytes = 50'000; kilobytes < 80'000; kilobytes += 2'000) {
    const ProgramResult result = limited("-v " + std::to_string(kilobytes));
    EXPECT_GE(result.code, 0) << kilobytes;
    EXPECT_TRUE(result.code == 0 || result.code == 4 || !result.err.starts_with("posecu: ")) << result.err;
    EXPECT_EQ(result.err.empty(), result.code == 0) << kilobytes;
  }
#endif
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
