#include "pose/ground_truth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GroundTruthFile : public ::testing::Test {
 protected:
  GroundTruth read(const std::string& annotations, const std::string& categories = R"([{"id": 1, "name": "person"}])") {
    std::ofstream(path_) << R"({"images": [{"id": 3, "file_name": "a.jpg", "width": 5, "height": 4, "crowdIndex": 0.5}],
      "annotations": [)" << annotations
                         << R"(], "categories": )" << categories << "}";
    return read_ground_truth(path_);
  }

  std::string error_of(const std::string& annotations, const std::string& categories = R"([{"id": 1}])") {
    try {
      read(annotations, categories);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.path() / "truth.json";
};

TEST_F(GroundTruthFile, KeepsFieldsAsWritten) {
  const GroundTruth truth = read(R"({"id": 0, "image_id": 3, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 0,
      "iscrowd": 1, "num_keypoints": 9, "keypoints": [1, 2, 0, 3, 4, 2]},
      {"id": 8, "image_id": 3, "bbox": [1, 2, 3, 4], "keypoints": [1, 2, 0, 3, 4, 2]})");
  ASSERT_EQ(truth.people.size(), 2U);
  EXPECT_EQ(truth.people[0].id, 0);
  EXPECT_EQ(truth.people[0].area, 0);
  EXPECT_TRUE(truth.people[0].crowd);
  EXPECT_EQ(truth.people[0].labelled_keypoints, 9);
  EXPECT_THAT(truth.people[0].bbox, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(truth.people[0].keypoints, ElementsAre(1, 2, 0, 3, 4, 2));
  EXPECT_FALSE(truth.people[1].area.has_value());
  EXPECT_FALSE(truth.people[1].crowd);
  EXPECT_EQ(truth.people[1].category_id, 1);
  EXPECT_EQ(truth.keypoints, 2);
  EXPECT_EQ(truth.pictures[0].crowd_index, 0.5);
  EXPECT_EQ(truth.source, path_);
}

TEST_F(GroundTruthFile, NamesWhatIsWrong) {
  const std::string person = R"({"id": 7, "image_id": 3, "bbox": [1, 2, 3, 4], "keypoints": [1, 2, 0]})";
  EXPECT_THAT(error_of(person + "," + person), HasSubstr("annotation 7: id is there twice"));
  EXPECT_THAT(error_of(R"({"id": 7, "image_id": 3, "keypoints": [1, 2, 0]})"), HasSubstr("annotation 7: bbox"));
  EXPECT_THAT(error_of(person, "[]"), HasSubstr("categories: expected at least one"));
}

}  // namespace
}  // namespace posecu
