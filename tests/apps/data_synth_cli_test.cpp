// `posecu data synth`: what it prints and makes, and what it says of wrong options.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
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

class DataSynthCliTest : public testing::Test {
 protected:
  ProgramResult synth(const std::vector<std::string>& more) const {
    std::vector<std::string> words{"data", "synth"};
    words.insert(words.end(), more.begin(), more.end());
    return run_posecu(words, folder_.path());
  }
  Json read(const std::string& file) const { return Json::parse(read_text_file((folder_.path() / file).string())); }

  TemporaryFolder folder_;
};

// The annotations themselves, as somebody's results.
void write_as_results(const Json& annotations, const fs::path& path) {
  Json results = Json::array();
  for (const Json& person : annotations)
    if (person.at("num_keypoints") > 0)
      results.push_back({{"image_id", person.at("image_id")},
                         {"category_id", 1},
                         {"keypoints", person.at("keypoints")},
                         {"score", 1.0}});
  write_file_atomically(path.string(), results.dump());
}

TEST_F(DataSynthCliTest, MakesASetThatScoresAsPerfectAgainstItself) {
  const ProgramResult made = synth({"--out", "people", "--count", "4", "--size", "200x150", "--seed", "3"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.out, testing::StartsWith("people: 4 pictures, "));
  const Json file = read("people/annotations/person_keypoints_train.json");
  EXPECT_EQ(file.at("images").size(), 4u);
  EXPECT_EQ(file.at("images").at(3).at("width"), 200);
  EXPECT_TRUE(fs::exists(folder_.path() / "people/train/000000000004.jpg"));
  write_as_results(file.at("annotations"), folder_.path() / "results.json");
  for (const std::string evaluator : {"xtcocotools", "pycocotools"}) {
    const ProgramResult scored = run_posecu(
        {"score", "people/annotations/person_keypoints_train.json", "results.json", "--json", "--evaluator", evaluator},
        folder_.path());
    ASSERT_EQ(scored.code, 0) << scored.err;
    EXPECT_DOUBLE_EQ(Json::parse(scored.out).at("statistics").at("AP"), 1) << evaluator;
  }
}

TEST_F(DataSynthCliTest, MakesSeveralSplitsAsCrowdPose) {
  const ProgramResult made = synth({"--out", "crowds", "--layout", "crowdpose", "--preset", "crowd", "--split",
                                    "train,val", "--count", "2,1", "--quiet"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.err, IsEmpty());
  const Json file = read("crowds/json/crowdpose_val.json");
  ASSERT_EQ(file.at("images").size(), 1u);
  EXPECT_TRUE(fs::exists(folder_.path() / "crowds/images" / file.at("images").at(0).at("file_name")));
  write_as_results(file.at("annotations"), folder_.path() / "results.json");
  const ProgramResult scored =
      run_posecu({"score", "crowds/json/crowdpose_val.json", "results.json", "--json"}, folder_.path());
  ASSERT_EQ(scored.code, 0) << scored.err;
  EXPECT_DOUBLE_EQ(Json::parse(scored.out).at("statistics").at("AP"), 1);
}

TEST_F(DataSynthCliTest, NamesWhatIsWrongWithAnOption) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{}, "--out DIR is missing"},
      {{"--preset", "crowds"}, "--preset crowds: expected easy, varied, crowd; did you mean `crowd`?"},
      {{"--layout", "voc"}, "--layout voc: expected coco, crowdpose"},
      {{"--size", "320"}, "--size 320: expected WIDTHxHEIGHT, for example 320x240"},
      {{"--size", "32x240"}, "32: expected a whole number from 64 to 2048"},
      {{"--size", "320x"}, "expected a whole number from 64 to 2048"},
      {{"--count", "0"}, "--count 0: expected a whole number from 1 to 1000000"},
      {{"--count", "many"}, "--count many: expected a whole number"},
      {{"--count", "1,2,3"}, "--count: 3 numbers for 1 splits"},
      {{"--split", "train,train"}, "--split: train is there twice"},
      {{"--split", "train,"}, "--split: \"\" is no name of a split"},
      {{"--split", "../train"}, "--split: \"../train\" is no name of a split"},
      {{"--split", "annotations"}, "--split: \"annotations\" is no name of a split"},
      {{"--seed", "-1"}, "--seed -1: expected a whole number from 0"},
      {{"--threads", "0"}, "--threads 0: expected a whole number from 1 to 1024"},
      {{"--sizes", "1x1"}, "unknown option --sizes; did you mean `--size`?"}};
  for (const auto& [options, message] : cases) {
    std::vector<std::string> words = options;
    if (!options.empty()) words.insert(words.end(), {"--out", "new"});
    const ProgramResult result = synth(words);
    EXPECT_EQ(result.code, 2) << message;
    EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_FALSE(fs::exists(folder_.path() / "new")) << message;
  }
}

TEST_F(DataSynthCliTest, LeavesFullFoldersAlone) {
  fs::create_directory(folder_.path() / "full");
  write_file_atomically((folder_.path() / "full/mine.txt").string(), "precious");
  const ProgramResult result = synth({"--out", "full", "--count", "1"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("--out full: the folder is not empty\n  try: another one, or empty it"));
  EXPECT_EQ(synth({"--out", "full/mine.txt", "--count", "1"}).code, 2);
}

TEST_F(DataSynthCliTest, StopsAtASignalAndLeavesNothing) {
  RunningProgram program({POSECU_PROGRAM, "data", "synth", "--out", "long", "--count", "1000000"}, folder_.path());
  for (int tries = 0; tries < 6000 && !fs::exists(folder_.path() / "long/train/000000000001.jpg"); ++tries)
    usleep(10'000);
  program.signal(SIGINT);
  const ProgramResult result = program.wait();
  EXPECT_EQ(result.code, 130);
  EXPECT_THAT(result.err, HasSubstr("stopped: nothing is left in long\n"));
  EXPECT_FALSE(fs::exists(folder_.path() / "long"));
}

}  // namespace
}  // namespace posecu
