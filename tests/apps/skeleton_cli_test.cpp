// Keypoints of one's own, from docs/skeletons.md to AP.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/skeleton_toml.h"
#include "core/file.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_network.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// The first block of that kind in the page.
std::string block_of(const std::string& kind) {
  const std::string page = read_text_file(std::string(POSECU_SOURCE_FOLDER) + "/docs/skeletons.md");
  const std::string opening = "```" + kind + "\n";
  const std::size_t begin = page.find(opening) + opening.size();
  return page.substr(begin, page.find("```", begin) - begin);
}

class SkeletonCliTest : public testing::Test {
 protected:
  void SetUp() override {
    write_file_atomically((folder() / "climber.toml").string(), block_of("toml"));
    fs::create_directories(folder() / "data/climbers/annotations");
    for (const std::string part : {"train", "val"}) {
      fs::copy(one_picture_set() / "train", folder() / "data/climbers" / part);
      write_file_atomically(
          (folder() / "data/climbers/annotations" / ("person_keypoints_" + part + ".json")).string(),
          R"({"images":[{"id":1,"file_name":"000000000785.jpg","width":640,"height":425}],)"
          R"("annotations":[{"id":1,"image_id":1,"category_id":1,"iscrowd":0,"area":40000,)"
          R"("bbox":[280,40,200,330],"keypoints":[367,81,2,450,165,2,310,178,2,466,362,2,396,341,2]}],)"
          R"("categories":[{"id":1,"name":"person"}]})");
    }
    fs::copy(one_picture_set() / "train/000000000785.jpg", folder() / "wall.jpg");
  }
  const fs::path& folder() const { return temporary_.path(); }

  // Some steps of a tiny network in place of the laptop's training.
  static std::string shortened(const std::string& command) {
    return command.starts_with("posecu train")
               ? command +
                     " model.width=8 model.blocks=1 train.epochs=0 train.steps=4 'train.milestones=[]' "
                     "train.batch=1 train.input_size=64 eval.input_size=64"
               : command;
  }
  ProgramResult run(const std::string& command) const { return run_shell(command, folder()); }

  TemporaryFolder temporary_;
};

TEST_F(SkeletonCliTest, ThePagesExampleRuns) {
  std::istringstream commands(block_of("bash"));
  int ran = 0;
  for (std::string command; std::getline(commands, command); ++ran) {
    if (command.starts_with("posecu eval")) fs::remove(folder() / "climber.toml");  // the run has its own copy
    const ProgramResult result = run(shortened(command));
    EXPECT_EQ(result.code, 0) << command << '\n' << result.err;
  }
  EXPECT_EQ(ran, 4);
  const nlohmann::json found = nlohmann::json::parse(read_text_file((folder() / "found/wall.json").string()));
  EXPECT_EQ(found.at("skeleton"), "climber");
  const Skeleton kept = read_skeleton((folder() / "runs/climbers/skeleton.toml").string());
  EXPECT_EQ(kept.sigmas, (std::vector{0.04, 0.062, 0.062, 0.089, 0.089}));
  EXPECT_EQ(kept.flip, (std::vector{0, 2, 1, 4, 3}));
}

constexpr const char* kTrain =
    "posecu train coco/laptop data.root=data/climbers 'data.train=[train]' data.val=val data.skeleton=climber.toml "
    "--out run";

TEST_F(SkeletonCliTest, AResumedRunKeepsItsSkeletonWhateverBecomesOfTheFile) {
  ASSERT_EQ(run(shortened(kTrain) + " --quiet").code, 0);
  const std::string config = read_text_file((folder() / "run/config.toml").string());
  const std::string longer =
      config.substr(0, config.find("steps = 4")) + "steps = 6" + config.substr(config.find("steps = 4") + 9);
  write_file_atomically((folder() / "run/config.toml").string(), longer);
  write_file_atomically((folder() / "climber.toml").string(), "name = 'something else'\n");
  const ProgramResult resumed = run("posecu train --resume run");
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_THAT(resumed.err, HasSubstr("step 6/6"));
}

TEST_F(SkeletonCliTest, RefusesWrongSkeletonsAndLeavesNothingBehind) {
  write_file_atomically((folder() / "climber.toml").string(), block_of("toml") + "colours = [[1, 2, 3]]\n");
  ProgramResult result = run(kTrain);
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("climber.toml: line 6: colours: expected 5 colours"));
  fs::remove(folder() / "climber.toml");
  result = run(kTrain);
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("command line: data.skeleton = climber.toml: neither a file nor one of coco"));
  result = run(std::string(kTrain) + " data.dataset=crowdpose");
  EXPECT_EQ(result.code, 2);
  EXPECT_FALSE(fs::exists(folder() / "run"));
}

TEST_F(SkeletonCliTest, RefusesWeightsOfAnotherNumberOfKeypoints) {
  write_weights(folder() / "coco.safetensors", kTinyNetwork);
  const ProgramResult result =
      run("posecu predict coco.safetensors wall.jpg --json data.skeleton=climber.toml eval.input_size=64");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("skeleton climber has 5 keypoints a person, but coco.safetensors is of a network "
                                    "with 17"));
}

TEST_F(SkeletonCliTest, RefusesADamagedSkeletonInWeights) {
  write_weights(folder() / "w.safetensors", kTinyNetwork, {}, {{"skeleton", "name = 3\n"}});
  const ProgramResult result = run("posecu predict w.safetensors wall.jpg --json eval.input_size=64");
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("w.safetensors (metadata): line 1: name: expected a text"));
}

TEST_F(SkeletonCliTest, PrintsTheBuiltInOnes) {
  for (const std::string name : {"coco", "crowdpose", "ochuman"}) {
    const ProgramResult printed = run("posecu config skeleton " + name);
    ASSERT_EQ(printed.code, 0) << printed.err;
    EXPECT_EQ(write_toml(parse_skeleton(printed.out, name)), write_toml(skeleton_by_name(name)));
  }
  EXPECT_EQ(run("posecu config skeleton cocoo").code, 2);
  EXPECT_EQ(run("posecu config skeleton coco train.batch=2").code, 2);
}

}  // namespace
}  // namespace posecu
