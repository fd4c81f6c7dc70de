// `posecu data check | stats | browse`, and what a run does about pictures that are damaged or not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/file.h"
#include "data/picture.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_network.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DataCliTest : public testing::Test {
 protected:
  void SetUp() override { fs::copy(one_picture_set(), file("set"), fs::copy_options::recursive); }
  fs::path file(const std::string& name) const { return folder_.path() / name; }
  ProgramResult run(const std::string& command) const { return run_shell("posecu " + command, folder_.path()); }
  template <class Change>
  void change(Change apply) const {
    const std::string path = file("set/annotations/person_keypoints_train.json").string();
    Json document = Json::parse(read_text_file(path));
    apply(document);
    write_file_atomically(path, document.dump());
  }
  // Cuts the picture's file in the middle of its pixels.
  void cut_picture(const std::string& name) const {
    const std::string path = file(name).string(), whole = read_text_file(path);
    write_file_atomically(path, whole.substr(0, whole.size() / 2));
  }

  TemporaryFolder folder_;
};

constexpr const char* kLabels = "set/annotations/person_keypoints_train.json";

TEST_F(DataCliTest, CheckFindsNothingInTheShippedSet) {
  const ProgramResult result = run("data check data.root=set --part train");
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, std::string(kLabels) + ": 1 picture, 1 person\nno problem found\n");
  EXPECT_EQ(result.err, "picture 1/1\n");
  EXPECT_EQ(run(std::string("data check ") + kLabels).code, 0) << "labels alone";
  EXPECT_EQ(run("data check data.root=set 'data.train=[train]' data.val=train").code, 0);
}

TEST_F(DataCliTest, CheckListsAllProblemsWithPlaceAndEffect) {
  change([](Json& document) {
    document["images"].push_back({{"id", 7}, {"file_name", "gone.jpg"}, {"width", 64}, {"height", 48}});
    Json person = document["annotations"][0];
    person["id"] = 1, person["keypoints"][0] = 700;
    document["annotations"].push_back(person);
    person["id"] = 2, person["keypoints"] = {1, 2, 3};
    document["annotations"].push_back(person);
  });
  const ProgramResult result = run("data check data.root=set --part train");
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(
      result.out,
      std::string(kLabels) +
          ": 2 pictures, 2 people\n"
          "\nentries that cannot be used: 1\n  training: training refuses the file\n"
          "    annotation 2: keypoints: expected 51 numbers (17 keypoints of skeleton \"coco\"), found 3\n"
          "\npictures without a file: 1\n  training: training stops there; data.skip_missing=N leaves up to N out\n"
          "    picture 7: set/train/gone.jpg\n"
          "\nlabelled keypoints outside of the picture: 1\n  training: the heatmap loss does not count there: it is "
          "masked\n    annotation 1: nose at (700, 81), picture 785 has 640 x 425\n");
  const ProgramResult labels = run("data check data.root=set --part train --labels-only --json");
  EXPECT_EQ(labels.code, 3);
  const Json found = Json::parse(labels.out).at("files").at(0);
  EXPECT_EQ(found.at("people"), 2);
  ASSERT_EQ(found.at("problems").size(), 2u) << "no picture was looked for";
  EXPECT_EQ(found["problems"][1]["count"], 1);
  EXPECT_EQ(found["problems"][1]["places"][0]["where"], "annotation 1");
}

TEST_F(DataCliTest, CheckReadsThePictures) {
  cut_picture("set/train/000000000785.jpg");
  const ProgramResult result = run("data check data.root=set --part train --threads 2");
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.out, AllOf(HasSubstr("pictures that cannot be read: 1\n"), HasSubstr("Premature end of JPEG")));
  const ProgramResult given = run(std::string("data check ") + kLabels + " --pictures set/train");
  EXPECT_EQ(given.code, 3);
  EXPECT_THAT(given.out, HasSubstr("pictures that cannot be read: 1\n"));
}

TEST_F(DataCliTest, CrowdPoseNeedsNoAreas) {
  ASSERT_EQ(run("data synth --out crowds --layout crowdpose --count 2 --size 96x64 --quiet").code, 0);
  const std::string path = file("crowds/json/crowdpose_train.json").string();
  Json document = Json::parse(read_text_file(path));
  for (Json& person : document["annotations"]) person.erase("area");
  write_file_atomically(path, document.dump());
  const ProgramResult result = run("data check data.dataset=crowdpose data.root=crowds --part train");
  EXPECT_EQ(result.out, "crowds/json/crowdpose_train.json: 2 pictures, 4 people\nno problem found\n");
}

TEST_F(DataCliTest, StatsCountScalesPeopleAndKeypoints) {
  const ProgramResult result = run(std::string("data stats ") + kLabels);
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.err, IsEmpty());
  for (const char* text :
       {": 1 picture, 1 of them with people\n1 person, 1 of them with labelled keypoints; 0 crowds\n",
        "scale of people (sqrt of the box's area / shorter side): 0.", "  level  7, 0.875 and more",
        "people a picture\n    1        1 100.0 % ####", "  nose                     1         0",
        "keypoints            visible    hidden  unlabelled\n"})
    EXPECT_THAT(result.out, HasSubstr(text));
  const Json stats = Json::parse(run("data stats data.root=set --part train model.embedding_dim=4 --json").out);
  EXPECT_EQ(stats.at("files").at(0).at("scale_levels").size(), 4u);
  EXPECT_EQ(stats["files"][0]["keypoints"][0]["name"], "nose");
}

TEST_F(DataCliTest, BrowseDrawsTrainingSamples) {
  const std::string command = "data browse data.root=set --part train train.input_size=128 --out ";
  const ProgramResult result = run(command + "a");
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "a: 1 samples\n");
  const Picture drawn = read_picture(file("a/785.png").string());
  EXPECT_EQ(drawn.height, 128);
  EXPECT_GE(drawn.width, 3 * 128) << "the sample, and the targets of two resolutions";
  ASSERT_EQ(run(command + "b").code, 0);
  EXPECT_EQ(read_text_file(file("a/785.png").string()), read_text_file(file("b/785.png").string()));
  ASSERT_EQ(run(command + "c train.seed=1 model.head=hrnet").code, 0);
  const Picture other = read_picture(file("c/785.png").string());
  EXPECT_LT(other.width, drawn.width);
  EXPECT_FALSE(std::equal(other.row(64), other.row(64) + 128 * 3, drawn.row(64))) << "another seed, another sample";
}

TEST_F(DataCliTest, WrongUsageIsNamed) {
  for (const auto& [words, message] : std::vector<std::pair<std::string, std::string>>{
           {"data chekc", "data: unknown word chekc; did you mean `check`?"},
           {"data check", "data.root is empty: where is the data set?"},
           {"data check data.root=set --part train --threads 0", "--threads 0: expected a whole number from 1"},
           {"data stats data.root=set --pictures set", "--pictures goes with an annotation file FILE.json"},
           {"data browse data.root=set --part train", "data browse: --out DIR is missing"},
           {"data browse data.root=set --out a --count 0", "--count 0: expected a number from 1 on"},
           {std::string("data browse --out a ") + kLabels, "data browse: --pictures FOLDER is missing"},
           {"data browse data.root=set --part train --out a train.input_size=100", "expected a multiple of 32"}}) {
    const ProgramResult result = run(words);
    EXPECT_EQ(result.code, 2) << words;
    EXPECT_THAT(result.err, HasSubstr(message)) << words;
    EXPECT_THAT(result.out, IsEmpty()) << words;
  }
  EXPECT_EQ(run("data stats data.root=set --part other").code, 3);
  EXPECT_FALSE(fs::exists(file("a")));
}

// Three drawn pictures and a network that knows nothing; what happens to the pictures decides.
class DamagedSetCliTest : public DataCliTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(run("data synth --out set --count 3 --size 96x64 --quiet").code, 0);
    write_weights(file("weights.safetensors"), kTinyNetwork);
  }
  ProgramResult eval(const std::string& more) const {
    return run("eval weights.safetensors data.root=set data.val=train eval.input_size=64 eval.flip=false " + more);
  }
  ProgramResult train(const std::string& more) const {
    return run(
        "train model.width=8 model.blocks=1 'model.modules=[1,1,1]' data.root=set 'data.train=[train]' data.val= "
        "train.input_size=64 train.batch=1 train.steps=6 train.warmup_steps=1 --out run " +
        more);
  }
};

TEST_F(DamagedSetCliTest, ADamagedPictureStopsARunUnlessItIsTolerated) {
  cut_picture("set/train/000000000002.jpg");
  for (const ProgramResult& result : {eval(""), train("")}) {
    EXPECT_EQ(result.code, 3);
    EXPECT_THAT(result.err, AllOf(HasSubstr("set/train/000000000002.jpg: byte "), HasSubstr("Premature end")));
  }
  EXPECT_EQ(eval("data.tolerate_damage=true").code, 0);
  fs::remove_all(file("run"));
  EXPECT_EQ(train("data.tolerate_damage=true").code, 0);
}

TEST_F(DamagedSetCliTest, AMissingPictureStopsARunUnlessAsManyAreAllowed) {
  fs::remove(file("set/train/000000000002.jpg"));
  for (const ProgramResult& result : {eval(""), train("")}) {
    EXPECT_EQ(result.code, 3);
    EXPECT_THAT(result.err, HasSubstr("set/train/000000000002.jpg: no such file"));
  }
  fs::remove_all(file("run"));
  const std::string left_out =
      "person_keypoints_train.json: 1 picture without a file left out: set/train/000000000002.jpg";
  const ProgramResult evaluated = eval("--json data.skip_missing=1"), trained = train("data.skip_missing=1");
  EXPECT_EQ(evaluated.code, 0) << evaluated.err;
  EXPECT_THAT(evaluated.err, HasSubstr(left_out));
  EXPECT_EQ(Json::parse(evaluated.out).at("pictures"), 2);
  EXPECT_EQ(trained.code, 0) << trained.err;
  EXPECT_THAT(trained.err, HasSubstr(left_out));
  fs::remove(file("set/train/000000000003.jpg"));
  const ProgramResult two = eval("data.skip_missing=1");
  EXPECT_EQ(two.code, 3);
  EXPECT_THAT(two.err, HasSubstr("2 pictures without a file, data.skip_missing allows 1: set/train/000000000002.jpg, "
                                 "set/train/000000000003.jpg"));
}

// The picture is replaced while a training runs: by one of another size, and by none.
TEST_F(DamagedSetCliTest, APictureThatChangesDuringARunIsRemarkedOnOrStopsIt) {
  const std::string picture = file("set/train/000000000001.jpg").string();
  write_jpeg(picture, {50, 40, std::vector<std::uint8_t>(50 * 40 * 3, 90)});
  const ProgramResult other_size = train("");
  EXPECT_EQ(other_size.code, 0) << other_size.err;
  EXPECT_THAT(other_size.err, HasSubstr("000000000001.jpg: 50 x 40 pixels, the annotations say 96 x 64"));
  fs::remove_all(file("run"));
  RunningProgram program({"bash", "-c",
                          std::string(POSECU_PROGRAM) +
                              " train model.width=8 model.blocks=1 'model.modules=[1,1,1]' data.root=set "
                              "'data.train=[train]' data.val= train.input_size=64 train.batch=1 train.steps=100000 "
                              "train.warmup_steps=1 --out run"},
                         folder_.path());
  ASSERT_TRUE(program.wait_for_message("step "));
  fs::remove(picture);
  const ProgramResult vanished = program.wait();
  EXPECT_EQ(vanished.code, 3);
  EXPECT_THAT(vanished.err, HasSubstr("set/train/000000000001.jpg: no such file"));
}

// Everything at once that labels get wrong: the training goes on, and no number of its log is other than finite.
TEST_F(DamagedSetCliTest, ContradictoryLabelsGiveAFiniteLoss) {
  change([](Json& document) {
    Json& people = document["annotations"];
    const Json whole = people[0];
    const auto add = [&](const char* field, const Json& value) {
      Json person = whole;
      person["id"] = 1000 + people.size();
      person[field] = value;
      people.push_back(person);
    };
    std::vector<double> zeros(51), outside(51, -500), far(51, 9e5);
    for (std::size_t k = 2; k < 51; k += 3) zeros[k] = outside[k] = far[k] = 2;
    for (const Json& box : {Json{0, 0, 0, 0}, Json{5, 5, 0, 20}, Json{-50, -50, 900, 900}, Json{5, 5, 1e-300, 1e-300}})
      add("bbox", box);
    for (const Json& area : {Json(0), Json(1e300)}) add("area", area);
    for (const auto& keypoints : {zeros, outside, far}) add("keypoints", keypoints);
    for (const Json& count : {Json(0), Json(17), Json(-1)}) add("num_keypoints", count);
    add("iscrowd", 1);
  });
  const ProgramResult result = train("");
  EXPECT_EQ(result.code, 0) << result.err;
  const std::string log = read_text_file(file("run/log.jsonl").string());
  int steps = 0;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    const Json entry = Json::parse(line);
    if (!entry.contains("loss")) continue;
    EXPECT_TRUE(entry["loss"].is_number() && std::isfinite(entry["loss"].get<double>())) << line;
    ++steps;
  }
  EXPECT_EQ(steps, 6) << log;
}

}  // namespace
}  // namespace posecu
