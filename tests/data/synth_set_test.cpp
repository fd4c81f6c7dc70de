// Data sets of drawn people on disk: layouts, fields, what fails and what is left then.
#include "data/synth_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "data/annotations.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using testing::HasSubstr;

const SynthProgress kGoOn = [](int) { return true; };

SynthSetOptions small_set(const fs::path& folder, SynthLayout layout = SynthLayout::coco) {
  SynthSetOptions options;
  options.pictures = {.preset = SynthPreset::crowd, .width = 128, .height = 96, .seed = 2};
  options.layout = layout;
  options.splits = {{"train", 5}, {"val", 2}};
  options.folder = folder.string();
  return options;
}

// Every file below a folder.
std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder).string()] = read_text_file(entry.path());
  return files;
}

TEST(SynthSetTest, HoldsTheSameBytesWithAnyNumberOfThreads) {
  const TemporaryFolder folder;
  std::map<std::string, std::string> first;
  for (const int threads : {1, 2, 7}) {
    SynthSetOptions options = small_set(folder.path() / std::to_string(threads));
    options.threads = threads;
    write_synth_set(options, kGoOn);
    const auto files = contents(options.folder);
    EXPECT_EQ(files.size(), 9u);
    if (first.empty()) first = files;
    EXPECT_EQ(files, first) << threads << " threads";
  }
}

TEST(SynthSetTest, PicturesDoNotDependOnHowManyThereAre) {
  const TemporaryFolder folder;
  SynthSetOptions options = small_set(folder.path() / "more");
  write_synth_set(options, kGoOn);
  options.folder = (folder.path() / "fewer").string();
  options.splits = {{"train", 2}};
  write_synth_set(options, kGoOn);
  const auto more = contents(folder.path() / "more"), fewer = contents(folder.path() / "fewer");
  EXPECT_EQ(fewer.size(), 3u);
  for (const auto& [name, bytes] : fewer) {
    if (name.ends_with(".jpg")) {
      EXPECT_EQ(more.at(name), bytes) << name;
    }
  }
}

TEST(SynthSetTest, ReadsAsCocoWithoutRemarks) {
  const TemporaryFolder folder;
  const SynthSetOptions options = small_set(folder.path() / "set");
  const auto size = write_synth_set(options, kGoOn);
  ASSERT_TRUE(size);
  EXPECT_EQ(size->pictures, 7);
  const DataSet set = read_splits("coco", options.folder, {"train", "val"});
  EXPECT_THAT(set.remarks, testing::IsEmpty());
  ASSERT_EQ(set.pictures.size(), 7u);
  int people = 0, labelled = 0;
  for (const PictureLabel& label : set.pictures) {
    EXPECT_FALSE(label.crowd_index);
    const Picture picture = read_picture(label.path);
    EXPECT_EQ(picture.width, 128);
    EXPECT_EQ(picture.height, 96);
    for (const Annotation& annotation : label.annotations) {
      ++people, labelled += annotation.num_keypoints > 0;
      EXPECT_GT(annotation.area, 0);
      EXPECT_EQ(annotation.keypoints.size(), 51u);
      EXPECT_EQ(annotation.segmentation.empty(), annotation.num_keypoints > 0) << "kept where it masks";
    }
  }
  EXPECT_EQ(people, size->people);
  EXPECT_EQ(labelled, size->labelled);
}

TEST(SynthSetTest, HasTheFieldsOfCoco) {
  const TemporaryFolder folder;
  const SynthSetOptions options = small_set(folder.path() / "set");
  write_synth_set(options, kGoOn);
  const Json file = Json::parse(read_text_file(options.folder + "/annotations/person_keypoints_train.json"));
  const Json& category = file.at("categories").at(0);
  EXPECT_EQ(category.at("name"), "person");
  EXPECT_EQ(category.at("keypoints").size(), 17u);
  EXPECT_EQ(category.at("keypoints").at(0), "nose");
  EXPECT_EQ(category.at("skeleton").at(0), (Json{14, 16})) << "counted from 1";
  EXPECT_EQ(file.at("images").size(), 5u);
  EXPECT_EQ(file.at("images").at(0).at("file_name"), "000000000001.jpg");
  for (const Json& person : file.at("annotations")) {
    int labelled = 0;
    for (std::size_t k = 2; k < 51; k += 3) labelled += person.at("keypoints").at(k) > 0;
    EXPECT_EQ(person.at("num_keypoints"), labelled);
    EXPECT_EQ(person.at("iscrowd"), 0);
    EXPECT_FALSE(person.at("segmentation").empty());
  }
}

// CrowdPose's definition, from the file alone.
double crowd_index_of(const std::vector<Json>& people) {
  const auto each = [](const Json& person, const auto& visit) {
    const Json& k = person.at("keypoints");
    for (std::size_t i = 0; i < k.size(); i += 3)
      if (k.at(i + 2) > 0) visit(k.at(i).get<double>(), k.at(i + 1).get<double>());
  };
  double sum = 0;
  int counted = 0;
  for (const Json& person : people) {
    const auto box = person.at("bbox").get<std::array<double, 4>>();
    int own = 0, inside = 0;
    each(person, [&](double, double) { ++own; });
    for (const Json& other : people)
      each(other, [&](double x, double y) {
        inside += x >= box[0] && y >= box[1] && x <= box[0] + box[2] && y <= box[1] + box[3];
      });
    if (own == 0) continue;
    sum += std::min(1.0, static_cast<double>(inside - own) / own);  // its box holds all its own
    ++counted;
  }
  return counted == 0 ? 0 : sum / counted;
}

TEST(SynthSetTest, ReadsAsCrowdPoseWithoutRemarks) {
  const TemporaryFolder folder;
  const SynthSetOptions options = small_set(folder.path() / "set", SynthLayout::crowdpose);
  write_synth_set(options, kGoOn);
  const DataSet set = read_splits("crowdpose", options.folder, {"train", "val"});
  EXPECT_THAT(set.remarks, testing::IsEmpty());
  EXPECT_EQ(set.pictures.size(), 7u);
  EXPECT_TRUE(fs::exists(set.pictures[0].path));
  const Json file = Json::parse(read_text_file(options.folder + "/json/crowdpose_train.json"));
  double largest = 0;
  for (const Json& picture : file.at("images")) {
    std::vector<Json> people;
    for (const Json& person : file.at("annotations"))
      if (person.at("image_id") == picture.at("id")) people.push_back(person);
    for (const Json& person : people) {
      const auto box = person.at("bbox").get<std::array<double, 4>>();
      const Json& k = person.at("keypoints");
      ASSERT_EQ(k.size(), 42u);
      for (std::size_t i = 0; i < 42; i += 3)
        if (k.at(i + 2) > 0) {
          EXPECT_TRUE(k.at(i) >= box[0] && k.at(i) <= box[0] + box[2]) << person.at("id");
          EXPECT_TRUE(k.at(i + 1) >= box[1] && k.at(i + 1) <= box[1] + box[3]) << person.at("id");
        }
    }
    EXPECT_NEAR(picture.at("crowdIndex").get<double>(), crowd_index_of(people), 0.0051);
    largest = std::max(largest, picture.at("crowdIndex").get<double>());
  }
  EXPECT_GT(largest, 0.1);
  EXPECT_LE(largest, 1);
}

TEST(SynthSetTest, RefusesAFolderThatHoldsSomething) {
  const TemporaryFolder folder;
  write_file_atomically((folder.path() / "mine.txt").string(), "precious");
  EXPECT_THROW(write_synth_set(small_set(folder.path()), kGoOn), UsageError);
  EXPECT_THROW(write_synth_set(small_set(folder.path() / "mine.txt"), kGoOn), UsageError);
  EXPECT_EQ(contents(folder.path()).size(), 1u);
}

TEST(SynthSetTest, LeavesNothingWhenItIsStopped) {
  const TemporaryFolder folder;
  int asked = 0;
  SynthSetOptions options = small_set(folder.path());
  options.threads = 2;
  EXPECT_FALSE(write_synth_set(options, [&](int done) { return ++asked, done < 3; }));
  EXPECT_GE(asked, 3);
  EXPECT_TRUE(fs::is_empty(folder.path())) << "the folder was there before";
  EXPECT_FALSE(write_synth_set(small_set(folder.path() / "new/set"), [](int) { return false; }));
  EXPECT_FALSE(fs::exists(folder.path() / "new/set"));
}

TEST(SynthSetTest, LeavesNothingOnAFullDisk) {
  const TemporaryFolder folder;
  const FileSizeLimit limit(2000);  // less than a picture
  try {
    write_synth_set(small_set(folder.path() / "set"), kGoOn);
    FAIL() << "a picture was written beyond the limit";
  } catch (const MachineError& error) {
    EXPECT_THAT(error.what(), HasSubstr(".jpg: cannot write: "));
  }
  EXPECT_FALSE(fs::exists(folder.path() / "set"));
}

TEST(SynthSetTest, SaysWhichFolderCannotBeMade) {
  const TemporaryFolder folder;
  write_file_atomically((folder.path() / "file").string(), "");
  try {
    write_synth_set(small_set(folder.path() / "file/below"), kGoOn);
    FAIL() << "made a folder below a file";
  } catch (const MachineError& error) {
    EXPECT_THAT(error.what(), HasSubstr("file/below/train: cannot make the folder: "));
  }
}

}  // namespace
}  // namespace posecu
