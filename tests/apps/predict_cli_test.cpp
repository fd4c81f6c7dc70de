// `posecu predict`: which files it makes, and what it does with pictures that are none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/file.h"
#include "data/picture.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_network.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class PredictCliTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(file("photos"));
    std::filesystem::copy(one_picture_set() / "train/000000000785.jpg", file("photos/b.jpg"));
    std::filesystem::copy(mini_goldens() / "pictures/crop_785.png", file("photos/a.png"));
    write_file_atomically(file("photos/notes.txt").string(), "no picture");
    write_weights(file("weights.safetensors"), kTinyNetwork);
  }
  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }
  ProgramResult predict(const std::vector<std::string>& more) {
    std::vector<std::string> words{"predict", "weights.safetensors", "eval.input_size=64"};
    words.insert(words.end(), more.begin(), more.end());
    return run_posecu(words, folder_.path());
  }

  TemporaryFolder folder_;
};

TEST_F(PredictCliTest, DrawsAndWritesEveryPictureOfAFolder) {
  const ProgramResult result = predict({"photos", "--out", "found"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, HasSubstr("in 2 pictures"));
  for (const std::string name : {"a", "b"}) {
    const Picture drawn = read_picture(file("found/" + name + ".png").string());
    const Picture source = read_picture(file("photos/" + name + (name == "a" ? ".png" : ".jpg")).string());
    EXPECT_EQ(drawn.width, source.width);
    EXPECT_EQ(drawn.height, source.height);
    EXPECT_TRUE(std::filesystem::exists(file("found/" + name + ".json")));
  }
  EXPECT_FALSE(std::filesystem::exists(file("found/notes.png")));
}

TEST_F(PredictCliTest, JsonNamesEveryKeypoint) {
  const ProgramResult result = predict({"photos/b.jpg", "--json", "--quiet", "eval.threshold=0"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, IsEmpty());
  const nlohmann::json picture = nlohmann::json::parse(result.out);
  EXPECT_EQ(picture.at("file"), "photos/b.jpg");
  EXPECT_EQ(picture.at("width"), 640);
  EXPECT_EQ(picture.at("height"), 425);
  EXPECT_EQ(picture.at("skeleton"), "coco");
  ASSERT_FALSE(picture.at("people").empty()) << "a threshold of 0 finds somebody everywhere";
  const nlohmann::json& person = picture.at("people").at(0);
  ASSERT_EQ(person.at("keypoints").size(), 17u);
  for (const nlohmann::json& keypoint : person.at("keypoints")) {
    EXPECT_TRUE(keypoint.at("name").is_string());
    EXPECT_TRUE(keypoint.at("x").is_number() && keypoint.at("y").is_number() && keypoint.at("score").is_number());
    EXPECT_TRUE(keypoint.at("refined").is_boolean());
  }
  EXPECT_EQ(person.at("keypoints").at(0).at("name"), "nose");
}

TEST_F(PredictCliTest, OutputKeysChooseTheFiles) {
  ASSERT_EQ(predict({"photos/b.jpg", "--out", "found", "output.pictures=jpeg", "output.json=false"}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(file("found/b.jpg")));
  EXPECT_FALSE(std::filesystem::exists(file("found/b.json")));
  ASSERT_EQ(predict({"photos/b.jpg", "--out", "texts", "output.pictures=none"}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(file("texts/b.json")));
  EXPECT_FALSE(std::filesystem::exists(file("texts/b.png")));
}

TEST_F(PredictCliTest, AMinimumScoreAboveAllDrawsNobody) {
  ASSERT_EQ(predict({"photos/a.png", "--out", "found", "output.min_score=1", "eval.threshold=0"}).code, 0);
  EXPECT_EQ(read_picture(file("found/a.png").string()).pixels, read_picture(file("photos/a.png").string()).pixels);
  ASSERT_EQ(predict({"photos/a.png", "--out", "more", "output.min_score=0", "eval.threshold=0"}).code, 0);
  EXPECT_NE(read_picture(file("more/a.png").string()).pixels, read_picture(file("photos/a.png").string()).pixels);
}

TEST_F(PredictCliTest, APictureThatIsNoneIsToldAndTheOthersGoOn) {
  write_file_atomically(file("photos/broken.jpg").string(), "\xff\xd8\xff and then nothing");
  ProgramResult result = predict({"photos", "--out", "found"});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("photos/broken.jpg: "));
  EXPECT_THAT(result.err, HasSubstr("1 of 3 pictures could not be read"));
  EXPECT_TRUE(std::filesystem::exists(file("found/b.png")));
  result = predict({"photos/broken.jpg", "--out", "found"});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("photos/broken.jpg: "));
}

TEST_F(PredictCliTest, RefusesWhatCouldOverwrite) {
  EXPECT_EQ(predict({"photos", "--out", "photos"}).code, 2);
  std::filesystem::copy(file("photos/a.png"), file("photos/b.png"));
  const ProgramResult result = predict({"photos", "--out", "found"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("photos/b.jpg and photos/b.png would both be drawn as found/b"));
}

TEST_F(PredictCliTest, RefusesWrongUsage) {
  EXPECT_EQ(predict({"photos"}).code, 2) << "neither --out nor --json";
  EXPECT_EQ(predict({"--out", "found"}).code, 2) << "no picture";
  EXPECT_EQ(predict({"nowhere.jpg", "--out", "found"}).code, 3);
  std::filesystem::create_directory(file("empty"));
  const ProgramResult empty = predict({"empty", "--out", "found"});
  EXPECT_EQ(empty.code, 3);
  EXPECT_THAT(empty.err, HasSubstr("empty: no pictures in this folder"));
}

}  // namespace
}  // namespace posecu
