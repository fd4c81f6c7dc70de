// `posecu eval` on the shipped picture, with a network that knows nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/file.h"
#include "pose/results.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_network.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class EvalCliTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::copy(one_picture_set(), file("set"), std::filesystem::copy_options::recursive);
    write_weights(file("weights.safetensors"), kTinyNetwork);
  }
  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }
  ProgramResult eval(const std::vector<std::string>& more) {
    std::vector<std::string> words{"eval",           "weights.safetensors", "data.root=set",
                                   "data.val=train", "eval.input_size=64",  "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return run_posecu(words, folder_.path());
  }
  // Changes the annotation file and expects exit code 3 with both texts in the message.
  void expect_refused(const std::string& from, const std::string& to, const std::string& place) {
    const std::string path = file("set/annotations/person_keypoints_train.json").string();
    const std::string whole = read_text_file(path);
    const std::size_t at = whole.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    write_file_atomically(path, std::string(whole).replace(at, from.size(), to));
    const ProgramResult result = eval({});
    EXPECT_EQ(result.code, 3) << to;
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, HasSubstr("person_keypoints_train.json"));
    EXPECT_THAT(result.err, HasSubstr(place));
    write_file_atomically(path, whole);
  }

  TemporaryFolder folder_;
};

TEST_F(EvalCliTest, PrintsTheTableOfTheOfficialTool) {
  const ProgramResult result = eval({});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, IsEmpty());
  EXPECT_THAT(result.out, HasSubstr(" Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets= 20 ] =  0."));
  EXPECT_THAT(result.out, HasSubstr("xtcocotools"));
}

TEST_F(EvalCliTest, TheConfigurationInTheMetadataCounts) {
  write_weights(file("weights.safetensors"), kTinyNetwork, {},
                {{"config", "[data]\nroot = \"set\"\nval = \"train\"\n[eval]\ninput_size = 64\n"}});
  const ProgramResult result = run_posecu({"eval", "weights.safetensors", "--quiet"}, folder_.path());
  EXPECT_EQ(result.code, 0) << result.err;
  write_weights(file("weights.safetensors"), kTinyNetwork, {}, {{"config", "[data]\nrot = \"set\"\n"}});
  const ProgramResult wrong = run_posecu({"eval", "weights.safetensors", "--quiet"}, folder_.path());
  EXPECT_EQ(wrong.code, 3);
  EXPECT_THAT(wrong.err, HasSubstr("unknown key data.rot; did you mean `data.root`?"));
}

TEST_F(EvalCliTest, JsonIsOneObjectOnStandardOutput) {
  const ProgramResult result = eval({"--json", "--evaluator", "pycocotools", "eval.flip=false"});
  ASSERT_EQ(result.code, 0) << result.err;
  const nlohmann::json json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json.at("evaluator"), "pycocotools");
  EXPECT_EQ(json.at("pictures"), 1);
  EXPECT_EQ(json.at("part"), "train");
  EXPECT_GE(json.at("statistics").at("AP").get<double>(), 0);
  EXPECT_TRUE(json.at("statistics").at("APM").is_null()) << "the picture's one person is large";
}

TEST_F(EvalCliTest, TwoRunsAndAnyScaleOrderGiveTheSameResults) {
  ASSERT_EQ(eval({"--submit", "a.json", "eval.scales=[1,0.5]"}).code, 0);
  ASSERT_EQ(eval({"--submit", "b.json", "eval.scales=[0.5,1]"}).code, 0);
  EXPECT_EQ(read_text_file(file("a.json").string()), read_text_file(file("b.json").string()));
  const Detections found = read_results(file("a.json").string());
  for (const Detection& detection : found.list) {
    EXPECT_EQ(detection.picture_id, 785);
    EXPECT_EQ(detection.keypoints.size(), 51u);
  }
}

// COCO's test sets: image_info files name pictures and categories, nobody's labels.
TEST_F(EvalCliTest, WritesTheFileForAServerFromAnImageInfoFile) {
  std::filesystem::rename(file("set/train"), file("set/test2017"));
  nlohmann::json document =
      nlohmann::json::parse(read_text_file(file("set/annotations/person_keypoints_train.json").string()));
  document.erase("annotations");
  write_file_atomically(file("set/annotations/image_info_test-dev2017.json").string(), document.dump());
  ProgramResult result = eval({"data.val=test-dev2017"});
  EXPECT_EQ(result.code, 2) << "data.val is given twice";
  const auto eval_test = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"eval",
                                   "weights.safetensors",
                                   "data.root=set",
                                   "data.val=test-dev2017",
                                   "eval.input_size=64",
                                   "eval.threshold=0.001"};
    words.insert(words.end(), more.begin(), more.end());
    return run_posecu(words, folder_.path());
  };
  result = eval_test({});
  EXPECT_EQ(result.code, 3) << "without --submit there is nothing to do";
  EXPECT_THAT(result.err, HasSubstr("person_keypoints_test-dev2017.json"));
  result = eval_test({"--submit", "mine.json"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("image_info_test-dev2017.json has no annotations: there is nothing to score\n"));
  EXPECT_THAT(result.err, testing::ContainsRegex("mine.json: [0-9]+ (person|people) in 1 of 1 picture, checked"));
  const Detections found = read_results(file("mine.json").string());
  ASSERT_FALSE(found.list.empty());
  for (std::size_t i = 1; i < found.list.size(); ++i) EXPECT_GE(found.list[i - 1].score, found.list[i].score);
  result = run_posecu({"score", "set/annotations/image_info_test-dev2017.json", "mine.json"}, folder_.path());
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("mine.json is in order"));
}

TEST_F(EvalCliTest, RefusesAnotherNetworkThanTheWeights) {
  ProgramResult result = eval({"model.width=32"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("command line: model.width = 32, but weights.safetensors is of a network with 8"));
  result = eval({"data.dataset=crowdpose"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("skeleton crowdpose has 14 keypoints a person, but weights.safetensors is"));
}

TEST_F(EvalCliTest, RefusesWrongUsage) {
  EXPECT_EQ(eval({"data.val="}).code, 2);
  EXPECT_EQ(eval({"--evaluator", "coco"}).code, 2);
  EXPECT_EQ(eval({"eval.flip=false", "eval.flip=true"}).code, 2);
  EXPECT_EQ(eval({"coco/laptop", "--config", "coco/laptop"}).code, 2);
  EXPECT_EQ(eval({"coco/lapto"}).code, 2);
  EXPECT_EQ(run_posecu({"eval", "weights.safetensors"}, folder_.path()).code, 2) << "data.root is empty";
}

TEST_F(EvalCliTest, NamesTheFileThatIsMissing) {
  ProgramResult result = run_posecu({"eval", "weights.safetensors", "data.root=set", "data.val=other"}, folder_.path());
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("set/annotations/person_keypoints_other.json"));
  std::filesystem::remove(file("set/train/000000000785.jpg"));
  result = eval({});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("set/train/000000000785.jpg"));
  result = run_posecu({"eval", "nowhere", "data.root=set", "data.val=train"}, folder_.path());
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("nowhere"));
}

TEST_F(EvalCliTest, NamesThePlaceInBadAnnotations) {
  expect_refused("\"image_id\"", "\"image_di\"", "image_id");
  expect_refused("\"file_name\": \"000000000785.jpg\"", "\"file_name\": \"../000000000785.jpg\"",
                 "../000000000785.jpg");
  expect_refused("\"annotations\"", "\"anotations\"", "annotations");
  expect_refused("{", "[", "");
}

TEST_F(EvalCliTest, EveryCutOfThePictureIsRefused) {
  const std::string path = file("set/train/000000000785.jpg").string();
  const std::string whole = read_text_file(path);
  for (const std::size_t length : {std::size_t{0}, std::size_t{2}, std::size_t{600}, whole.size() / 2}) {
    write_file_atomically(path, whole.substr(0, length));
    const ProgramResult result = eval({});
    EXPECT_EQ(result.code, 3) << length;
    EXPECT_THAT(result.err, HasSubstr("000000000785.jpg: "));
  }
}

}  // namespace
}  // namespace posecu
