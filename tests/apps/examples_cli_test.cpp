// Every example in the help runs as it stands; only trainings are cut short by keys that are added.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
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

// The example as it is run: long work is cut short.
std::string shortened(const std::string& verb, const std::string& example) {
  if (verb == "train" && example.find("--resume") == std::string::npos) return example + std::string(kShort);
  if (verb == "bench" && example.find("model.") == std::string::npos)
    return example + " model.width=8 model.blocks=1 'model.modules=[1,1,1]' train.input_size=64 --seconds 0";
  return example;
}

TEST(ExamplesCliTest, EveryExampleInTheHelpRuns) {
  const TemporaryFolder folder;
  make_coco(folder.path() / "data/coco");
  fs::create_directory(folder.path() / "photos");
  for (const char* name : {"a.jpg", "b.jpg", "photos/c.jpg"})
    fs::copy(one_picture_set() / "train/000000000785.jpg", folder.path() / name);
  write_file_atomically((folder.path() / "frames.ppm").string(), "P6 64 64 255\n" + std::string(64 * 64 * 3, 'x'));
  write_weights(folder.path() / "weights.safetensors", {Head::higherhrnet, 16, 2, {1, 1, 1}, 17, 8});
  make_results(folder.path());
  write_input(folder.path() / "input.safetensors", "input", 1, 64, 64);
  std::vector<std::string> verbs = verbs_of_the_overview();
  std::erase(verbs, "demo");  // takes minutes: demo_cli_test.cpp
  const auto before = [](const std::string& verb) { return verb == "score" ? 0 : verb == "train" ? 1 : 2; };
  std::ranges::stable_sort(verbs, {}, before);  // eval writes what score reads, and needs a run
  int ran = 0;
  for (const std::string& verb : verbs) {
    for (const std::string& example : examples_of(verb)) {
      const std::string command = shortened(verb, example);
      const ProgramResult result = run_shell(command, folder.path());
      const bool finds = command.starts_with("posecu data check");  // there is something to be found
      EXPECT_TRUE(result.code == 0 || (finds && result.code == 3)) << command << '\n' << result.err;
      ++ran;
    }
  }
  std::printf("%d examples of %zu verbs ran\n", ran, verbs.size());
  EXPECT_GE(ran, 37);
}

}  // namespace
}  // namespace posecu
