// Every example in the help runs as it stands; only trainings are cut short by keys that are added.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "core/file.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_network.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;

// Keys that make any configuration's training a matter of a second.
constexpr std::string_view kShort =
    " model.width=16 model.blocks=2 'model.modules=[1,1,1]' train.epochs=0 train.steps=2 'train.milestones=[]' "
    "train.input_size=64 eval.input_size=64";

// A COCO folder of ten pictures for train2017 and one for val2017, all of them the shipped one.
void make_coco(const fs::path& root) {
  fs::create_directories(root / "annotations");
  const std::string labels = read_text_file((one_picture_set() / "annotations/person_keypoints_train.json").string());
  write_file_atomically((root / "annotations/person_keypoints_val2017.json").string(), labels);
  fs::copy(one_picture_set() / "train", root / "val2017");
  fs::create_directories(root / "train2017");
  std::vector<std::string> pictures, people;
  for (int i = 1; i <= 10; ++i) {
    fs::copy(one_picture_set() / "train/000000000785.jpg", root / fmt::format("train2017/{}.jpg", i));
    pictures.push_back(fmt::format(R"({{"id":{0},"file_name":"{0}.jpg","width":640,"height":425}})", i));
    std::vector<int> keypoints;
    for (int k = 0; k < 17; ++k) keypoints.insert(keypoints.end(), {300 + 5 * k, 200, 2});
    people.push_back(fmt::format(R"({{"id":{0},"image_id":{0},"category_id":1,"iscrowd":0,"keypoints":[{1}],)"
                                 R"("num_keypoints":17,"bbox":[300,190,80,20],"area":1600,"segmentation":[]}})",
                                 i, fmt::join(keypoints, ",")));
  }
  write_file_atomically((root / "annotations/person_keypoints_train2017.json").string(),
                        fmt::format(R"({{"images":[{}],"annotations":[{}],"categories":[{{"id":1,"name":"person"}}]}})",
                                    fmt::join(pictures, ","), fmt::join(people, ",")));
}

// A results file, and annotations with and without labels, for `score`.
void make_results(const fs::path& folder) {
  const fs::path annotations = folder / "data/coco/annotations";
  fs::copy(annotations / "person_keypoints_val2017.json", folder);
  write_file_atomically((annotations / "image_info_test-dev2017.json").string(),
                        R"({"images":[{"id":785,"file_name":"a.jpg","width":640,"height":425}],)"
                        R"("categories":[{"id":1,"name":"person"}]})");
  const std::string results = fmt::format(R"([{{"image_id":785,"category_id":1,"keypoints":[{}],"score":0.5}}])",
                                          fmt::join(std::vector<int>(51, 300), ","));
  for (const char* name : {"results.json", "test-dev.json"}) write_file_atomically((folder / name).string(), results);
}

std::vector<std::string> examples_of(const std::string& verb) {
  std::istringstream help(run_posecu({verb, "--help"}).out);
  std::vector<std::string> examples;
  std::string line;
  while (std::getline(help, line) && line != "Usage")
    if (line.starts_with("  posecu ")) examples.push_back(line.substr(2));
  return examples;
}

TEST(ExamplesCliTest, EveryExampleInTheHelpRuns) {
  const TemporaryFolder folder;
  make_coco(folder.path() / "data/coco");
  fs::create_directory(folder.path() / "photos");
  for (const char* name : {"a.jpg", "b.jpg", "photos/c.jpg"})
    fs::copy(one_picture_set() / "train/000000000785.jpg", folder.path() / name);
  write_weights(folder.path() / "weights.safetensors", {Head::higherhrnet, 16, 2, {1, 1, 1}, 17, 8});
  make_results(folder.path());
  write_input(folder.path() / "input.safetensors", "input", 1, 64, 64);
  int ran = 0;
  for (const std::string verb : {"score", "train", "eval", "predict", "forward", "weights", "config", "doctor"}) {
    for (std::string command : examples_of(verb)) {
      if (verb == "train" && command.find("--resume") == std::string::npos) command += kShort;
      const ProgramResult result = run_shell(command, folder.path());
      EXPECT_EQ(result.code, 0) << command << '\n' << result.err;
      ++ran;
    }
  }
  EXPECT_GE(ran, 17);
}

}  // namespace
}  // namespace posecu
