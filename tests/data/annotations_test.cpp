#include "data/annotations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "tests/data/two_keypoints.h"
#include "tests/support/damage.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

Json valid_document() {
  return Json::parse(R"({
    "info": {"description": "any", "nested": [[[1, {"a": [2]}]]]},
    "categories": [{"id": 1, "name": "person", "keypoints": ["left_end", "right_end"], "skeleton": [[1, 2]]}],
    "images": [{"id": 785, "file_name": "a.jpg", "width": 40, "height": 30, "license": 4},
               {"id": 9007199254740993, "file_name": "sub/b.jpg", "width": 20, "height": 10, "crowdIndex": 0.25}],
    "annotations": [
      {"id": 1, "image_id": 785, "category_id": 1, "keypoints": [5, 6, 2, 9.5, 16, 1], "num_keypoints": 2,
       "bbox": [4, 5, 10, 20], "area": 123.5, "iscrowd": 0, "segmentation": [[1, 1, 2, 2, 3, 1]]},
      {"id": 2, "image_id": 785, "category_id": 1, "keypoints": [0, 0, 0, 0, 0, 0], "num_keypoints": 0,
       "bbox": [4, 5, 10, 20], "area": 1, "iscrowd": 0, "segmentation": [[1, 1, 2, 2, 3, 1], [4, 4, 8, 4, 8, 8]]},
      {"id": -3, "image_id": 9007199254740993, "category_id": 1, "keypoints": [0, 0, 0, 0, 0, 0], "num_keypoints": 0,
       "bbox": [0, 0, 1, 1], "area": 1, "iscrowd": 1, "segmentation": {"counts": [190, 10], "size": [10, 20]}}]})");
}

class AnnotationsTest : public testing::Test {
 protected:
  DataSet read_text(const std::string& text, const Skeleton& skeleton = two_keypoints()) const {
    return parse_annotations(text, "labels.json", "pictures", skeleton);
  }
  DataSet read(const Json& document, const Skeleton& skeleton = two_keypoints()) const {
    return read_text(document.dump(), skeleton);
  }

  // Reads the document after `change` and wants an InputError that holds each of the texts.
  template <class Change>
  void refused(Change change, const std::vector<std::string>& texts) const {
    Json document = valid_document();
    change(document);
    try {
      read(document);
      ADD_FAILURE() << "accepted: " << document.dump();
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("labels.json"));
      for (const std::string& text : texts) EXPECT_THAT(error.what(), HasSubstr(text));
    }
  }
};

TEST_F(AnnotationsTest, ReadsEveryField) {
  const DataSet set = read(valid_document());
  EXPECT_EQ(set.category_id, 1);
  ASSERT_EQ(set.pictures.size(), 2u);
  const PictureLabel& picture = set.pictures[0];
  EXPECT_EQ(picture.id, 785);
  EXPECT_EQ(picture.path, "pictures/a.jpg");
  EXPECT_EQ(picture.width, 40);
  EXPECT_EQ(picture.height, 30);
  EXPECT_FALSE(picture.crowd_index.has_value());
  ASSERT_EQ(picture.annotations.size(), 2u);
  const Annotation& person = picture.annotations[0];
  EXPECT_EQ(person.id, 1);
  EXPECT_THAT(person.keypoints, ElementsAre(5, 6, 2, 9.5, 16, 1));
  EXPECT_THAT(person.bbox, ElementsAre(4, 5, 10, 20));
  EXPECT_EQ(person.area, 123.5);
  EXPECT_EQ(person.num_keypoints, 2);
  EXPECT_FALSE(person.iscrowd);
  EXPECT_TRUE(person.segmentation.empty()) << "only what masks training is kept";
  EXPECT_EQ(picture.annotations[1].segmentation.polygons.size(), 2u);
  EXPECT_EQ(set.pictures[1].id, 9007199254740993) << "ids are 64 bits wide";
  EXPECT_EQ(set.pictures[1].crowd_index, 0.25);
  EXPECT_TRUE(set.pictures[1].annotations[0].iscrowd);
  EXPECT_THAT(set.pictures[1].annotations[0].segmentation.runs.counts, ElementsAre(190u, 10u));
  EXPECT_TRUE(set.remarks.empty());
}

TEST_F(AnnotationsTest, TheOrderOfKeysDoesNotMatter) {
  const DataSet set =
      read_text(R"({"annotations":[{"segmentation":null,"keypoints":[1,2,2,3,4,0],"image_id":5,"id":8}],)"
                R"("images":[{"height":3,"width":4,"file_name":"x.png","id":5}]})");
  EXPECT_EQ(set.pictures.at(0).annotations.at(0).id, 8);
}

TEST_F(AnnotationsTest, DerivesWhatIsMissing) {
  Json document = valid_document();
  Json& person = document["annotations"][0];
  for (const char* key : {"area", "iscrowd", "bbox", "num_keypoints", "category_id", "segmentation"}) person.erase(key);
  const DataSet set = read(document);
  const Annotation& read_person = set.pictures[0].annotations[0];
  EXPECT_THAT(read_person.bbox, ElementsAre(5, 6, 4.5, 10));
  EXPECT_DOUBLE_EQ(read_person.area, 0.53 * 4.5 * 10);
  EXPECT_EQ(read_person.num_keypoints, 2);
  EXPECT_FALSE(read_person.iscrowd);
  EXPECT_THAT(set.remarks, ElementsAre(HasSubstr("1 annotation without area")));
}

TEST_F(AnnotationsTest, CountsKeypointsAnewWhereTheFileContradictsItself) {
  Json document = valid_document();
  document["annotations"][0]["num_keypoints"] = 0;
  const DataSet set = read(document);
  EXPECT_EQ(set.pictures[0].annotations[0].num_keypoints, 2);
  EXPECT_THAT(set.remarks, ElementsAre(HasSubstr("counted anew")));
}

TEST_F(AnnotationsTest, CrowdPosesOwnCountStandsAsLongAsItIsPossible) {
  const Skeleton skeleton = two_keypoints(KeypointCount::stated_first);
  Json document = valid_document();
  document["annotations"][0]["num_keypoints"] = 1.0;
  EXPECT_EQ(read(document, skeleton).pictures[0].annotations[0].num_keypoints, 1);
  document["annotations"][0]["num_keypoints"] = 3;
  EXPECT_EQ(read(document, skeleton).pictures[0].annotations[0].num_keypoints, 2);
}

TEST_F(AnnotationsTest, LeavesOutOtherCategories) {
  Json document = valid_document();
  document["categories"].push_back({{"id", 7}, {"name", "dog"}});
  document["annotations"][0]["category_id"] = 7;
  document["annotations"][0]["keypoints"] = Json::array();
  const DataSet set = read(document);
  EXPECT_EQ(set.pictures[0].annotations.size(), 1u);
  EXPECT_THAT(set.remarks, ElementsAre(HasSubstr("other categories")));
}

TEST_F(AnnotationsTest, NamesAnnotationAndFieldOfWhatIsWrong) {
  const auto in_person = [this](const char* key, const Json& value, const std::vector<std::string>& texts) {
    refused([&](Json& d) { d["annotations"][1][key] = value; }, texts);
  };
  in_person("keypoints", {1, 2, 3}, {"annotation 2", "keypoints", "expected 6", "found 3"});
  in_person("keypoints", "none", {"annotation 2", "keypoints", "expected a list"});
  in_person("keypoints", {1, 2, "x", 4, 5, 0}, {"annotation 2", "keypoints", "expected a number"});
  in_person("bbox", {1, 2, 3}, {"annotation 2", "bbox", "expected 4 numbers, found 3"});
  in_person("bbox", {1, 2, -3, 4}, {"annotation 2", "bbox", "negative"});
  in_person("keypoints", {1e300, 2, 2, 4, 5, 0}, {"annotation 2", "keypoints", "outside"});
  in_person("bbox", {1, -1e7, 3, 4}, {"annotation 2", "bbox", "outside"});
  in_person("area", -1, {"annotation 2", "area"});
  in_person("area", "big", {"annotation 2", "area", "expected a number"});
  in_person("iscrowd", 2, {"annotation 2", "iscrowd", "0 or 1"});
  in_person("num_keypoints", 1.5, {"annotation 2", "num_keypoints", "integer"});
  in_person("category_id", "1", {"annotation 2", "category_id", "integer"});
  in_person("image_id", 999, {"annotation 2", "image_id", "999"});
  in_person("image_id", "785", {"annotation 2", "image_id", "integer"});
  in_person("id", 1, {"annotation 1", "id", "same"});
  in_person("id", "two", {"annotations[1]", "id", "integer"});
  in_person("segmentation", 5, {"annotation 2", "segmentation"});
  in_person("segmentation", {{1, 2, 3}}, {"annotation 2", "segmentation", "coordinates"});
  in_person("segmentation", {{"counts", {1, 2}}, {"size", {10, 20}}}, {"annotation 2", "segmentation", "sum to 3"});
  in_person("segmentation", {{"counts", {-1, 201}}, {"size", {10, 20}}}, {"annotation 2", "counts"});
  in_person("segmentation", {{"counts", "O"}, {"size", {10, 20}}}, {"annotation 2", "count"});
  in_person("segmentation", {{"counts", {200}}}, {"annotation 2", "size", "missing"});
  for (const char* key : {"id", "image_id", "keypoints"})
    refused([&](Json& d) { d["annotations"][1].erase(key); }, {"annotation", key, "missing"});
}

TEST_F(AnnotationsTest, NamesPictureAndFieldOfWhatIsWrong) {
  const auto in_picture = [this](const char* key, const Json& value, const std::vector<std::string>& texts) {
    refused([&](Json& d) { d["images"][0][key] = value; }, texts);
  };
  in_picture("width", 0, {"picture 785", "positive"});
  in_picture("height", "30", {"picture 785", "height", "integer"});
  in_picture("height", 1e9, {"picture 785", "height", "range"});
  in_picture("file_name", 5, {"picture 785", "file_name", "text"});
  in_picture("id", 9007199254740993, {"picture 9007199254740993", "same"});
  for (const char* key : {"id", "file_name", "width", "height"})
    refused([&](Json& d) { d["images"][0].erase(key); }, {key, "missing"});
}

TEST_F(AnnotationsTest, RefusesFileNamesThatLeaveTheFolder) {
  const std::vector<std::string> wrong{"",
                                       "/",
                                       "//a.jpg",
                                       "/etc/passwd",
                                       "/tmp/../etc/passwd",
                                       "..",
                                       "../",
                                       "../a.jpg",
                                       "../../a.jpg",
                                       "./../a.jpg",
                                       "a/..",
                                       "a/../b.jpg",
                                       "a/../../b",
                                       "a/b/../../../c.jpg",
                                       "a//../b.jpg",
                                       "\\\\server\\x",
                                       "C:\\a.jpg",
                                       "a\\..\\b",
                                       "..\\a.jpg",
                                       std::string("a\0b", 3),
                                       std::string("\0", 1)};
  ASSERT_GE(wrong.size(), 20u);
  for (const std::string& name : wrong)
    refused([&](Json& d) { d["images"][0]["file_name"] = name; }, {"picture 785", "file_name"});
  refused([](Json& d) { d["images"][0]["file_name"] = std::string("a\0b", 3); }, {"zero byte"});
  for (const char* name : {"a.jpg", "a/b.jpg", "..a", "a..", "a/...b/c.jpg", "~/a.jpg", "a b/\u00e9.jpg"}) {
    Json document = valid_document();
    document["images"][0]["file_name"] = name;
    EXPECT_NO_THROW(read(document)) << name;
  }
}

TEST_F(AnnotationsTest, RefusesACategoryWithOtherKeypoints) {
  refused([](Json& d) { d["categories"][0]["keypoints"].push_back("third"); }, {"lists 3 keypoints", "has 2"});
  refused([](Json& d) { d["categories"] = {{{"id", 1}, {"name", "cat"}}, {{"id", 2}, {"name", "dog"}}}; }, {"person"});
}

TEST_F(AnnotationsTest, RefusesDuplicateKeysAndWhatIsNoAnnotationFile) {
  EXPECT_THROW(read_text(R"({"images":[],"images":[],"annotations":[]})"), InputError);
  EXPECT_THROW(read_text(R"({"images":[],"annotations":[{"id":1,"id":1,"image_id":1,"keypoints":[]}]})"), InputError);
  for (const char* text :
       {"", " ", "[]", "5", "null", "{", "{}", R"({"images":[]})", R"({"images":5,"annotations":[]})",
        R"({"images":[5],"annotations":[]})", R"({"images":[],"annotations":[]} x)",
        R"({"images":[],"annotations":[]}{})", "\xff\xfe", R"({"images":[],"annotations":[])"})
    EXPECT_THROW(read_text(text), InputError) << text;
  EXPECT_THROW(read_text(std::string(1'000'000, '[')), InputError);
  EXPECT_THROW(read_text(R"({"images":)" + std::string(500'000, '[')), InputError);
  EXPECT_THROW(read_annotations("/nowhere/labels.json", "", two_keypoints()), InputError);
  EXPECT_THAT([&] { read_text(""); }, testing::ThrowsMessage<InputError>(HasSubstr("the file is empty")));
}

TEST_F(AnnotationsTest, EveryTruncationIsRefused) {
  const std::string text = valid_document().dump();
  for (std::size_t n = 0; n < text.size(); ++n) EXPECT_THROW(read_text(text.substr(0, n)), InputError) << n;
}

TEST_F(AnnotationsTest, DamageIsRefusedOrReadButNeverWorse) {
  const std::string text = valid_document().dump();
  int refused_files = 0;
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    const std::string damaged = damaged_json(text, seed);
    try {
      read_text(damaged);
    } catch (const InputError&) {
      ++refused_files;
    }
  }
  EXPECT_GT(refused_files, 1500);
}

TEST(SplitsTest, FindsThePublishedLayouts) {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& path, const std::string& text) {
    std::filesystem::create_directories((folder.path() / path).parent_path());
    std::ofstream(folder.path() / path) << text;
  };
  const auto document = [](int id) {
    return R"({"annotations":[],"images":[{"height":3,"width":4,"file_name":"x.png","id":)" + std::to_string(id) +
           "}]}";
  };
  const std::string root = folder.path();
  write("annotations/person_keypoints_a.json", document(1));
  write("annotations/person_keypoints_b.json", document(2));
  write("json/crowdpose_train.json", document(1));
  write("ochuman_coco_format_val_range_0.00_1.00.json", document(1));
  EXPECT_EQ(read_split("coco", root, "a").pictures[0].path, root + "/a/x.png");
  EXPECT_EQ(read_split("crowdpose", root, "train").pictures[0].path, root + "/images/x.png");
  EXPECT_EQ(read_split("crowdpose", root, "train").skeleton.size(), 14);
  EXPECT_EQ(read_split("ochuman", root, "val").pictures[0].path, root + "/images/x.png");
  const DataSet both = read_splits("coco", root, {"a", "b"});
  ASSERT_EQ(both.pictures.size(), 2u);
  EXPECT_EQ(both.pictures[1].path, root + "/b/x.png");
  EXPECT_THROW(read_splits("coco", root, {"a", "a"}), InputError);
  EXPECT_THROW(read_splits("coco", root, {}), UsageError);
  EXPECT_THROW(read_split("coco", root, "../a"), UsageError);
  EXPECT_THROW(read_split("coco", root, "c"), InputError);
  EXPECT_THROW(read_split("cocoo", root, "a"), UsageError);
}

}  // namespace
}  // namespace posecu
