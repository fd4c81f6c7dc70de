// Annotation files field by field: what is missing, mistyped or contradicts itself, each with its outcome in words.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/random.h"
#include "data/annotations.h"

namespace posecu {
namespace {

using Json = nlohmann::json;

constexpr const char* kValid = R"({
    "categories": [{"id": 1, "name": "person"}],
    "images": [{"id": 785, "file_name": "a.jpg", "width": 40, "height": 30},
               {"id": 786, "file_name": "b.jpg", "width": 20, "height": 10}],
    "annotations": [
      {"id": 1, "image_id": 785, "category_id": 1, "keypoints": [5, 6, 2, 9.5, 16, 1], "num_keypoints": 2,
       "bbox": [4, 5, 10, 20], "area": 123.5, "iscrowd": 0, "segmentation": [[1, 1, 2, 2, 3, 1]]},
      {"id": 2, "image_id": 785, "category_id": 1, "keypoints": [7, 8, 2, 9, 16, 1], "num_keypoints": 2,
       "bbox": [4, 5, 10, 20], "area": 99, "iscrowd": 0, "segmentation": [[1, 1, 2, 2, 3, 1]]}]})";

// One field of that document, its JSON text (none: removed), and what reading says.
struct Variant {
  const char *field, *value, *outcome;
};

std::string changed(const Variant& variant) {
  Json document = Json::parse(kValid);
  const Json::json_pointer field(variant.field);
  if (*variant.value != '\0') {
    document[field] = "@";
    std::string text = document.dump();
    return text.replace(text.find("\"@\""), 3, variant.value);
  }
  field.parent_pointer().empty() ? document.erase(field.back()) : document[field.parent_pointer()].erase(field.back());
  return document.dump();
}

// The message without the file's name, or "read" and the remarks.
std::string outcome(const std::string& text, DataSet* set = nullptr) {
  Skeleton skeleton;
  skeleton.name = "two";
  skeleton.keypoints = {"left_end", "right_end"};
  try {
    const DataSet read = parse_annotations(text, "f", "", skeleton);
    if (set != nullptr) *set = read;
    std::string said = "read";
    for (const std::string& remark : read.remarks) said += ';' + remark.substr(2);
    const std::string recounted = "1 annotation had a num_keypoints that differs from the marked keypoints: ";
    if (const std::size_t at = said.find(recounted); at != std::string::npos) said.erase(at, recounted.size());
    return said;
  } catch (const InputError& error) {
    return std::string(error.what()).substr(3);
  }
}

constexpr Variant kWrong[] = {
    {"", "[]", "expected an object with images and annotations, found a list, as results files are"},
    {"/images", "", "images: is missing"},
    {"/images", "5", "images: expected a list, found 5"},
    {"/images", "null", "images: expected a list, found null"},
    {"/images", "{}", "images: expected a list, found an object"},
    {"/images", R"("x")", R"(images: expected a list, found "x")"},
    {"/images/0", "5", "images[0]: expected an object, found 5"},
    {"/images/0", "null", "images[0]: expected an object, found null"},
    {"/images/0/id", "", "images[0]: id: is missing"},
    {"/images/0/id", R"("785")", R"(images[0]: id: expected an integer, found "785")"},
    {"/images/0/id", "1.5", "images[0]: id: expected an integer, found 1.5"},
    {"/images/0/id", "null", "images[0]: id: expected an integer, found null"},
    {"/images/0/id", "[1]", "images[0]: id: expected an integer, found a list"},
    {"/images/0/id", "true", "images[0]: id: expected an integer, found true"},
    {"/images/0/id", "1e16", "images[0]: id: expected an integer, found 1e16"},
    {"/images/0/file_name", "", "picture 785: file_name: is missing"},
    {"/images/0/file_name", "5", "picture 785: file_name: expected a text, found 5"},
    {"/images/0/file_name", "null", "picture 785: file_name: expected a text, found null"},
    {"/images/0/width", "", "picture 785: width: is missing"},
    {"/images/0/width", R"("40")", R"(picture 785: width: expected an integer, found "40")"},
    {"/images/0/width", "40.5", "picture 785: width: expected an integer, found 40.5"},
    {"/images/0/width", "null", "picture 785: width: expected an integer, found null"},
    {"/images/0/width", "0", "picture 785: width and height must be positive, found 0 x 30"},
    {"/images/0/width", "-3", "picture 785: width and height must be positive, found -3 x 30"},
    {"/images/0/width", "1e9", "picture 785: width: 1000000000 is out of range"},
    {"/images/0/width", "true", "picture 785: width: expected an integer, found true"},
    {"/images/0/height", "", "picture 785: height: is missing"},
    {"/images/0/height", "null", "picture 785: height: expected an integer, found null"},
    {"/images/0/height", "1000001", "picture 785: height: 1000001 is out of range"},
    {"/images/0/crowdIndex", R"("high")", R"(picture 785: crowdIndex: expected a number, found "high")"},
    {"/images/0/crowdIndex", "null", "picture 785: crowdIndex: expected a number, found null"},
    {"/images/0/crowdIndex", "[]", "picture 785: crowdIndex: expected a number, found a list"},
    {"/annotations", "", "annotations: is missing"},
    {"/annotations", "5", "annotations: expected a list, found 5"},
    {"/annotations", "null", "annotations: expected a list, found null"},
    {"/annotations/1", "null", "annotations[1]: expected an object, found null"},
    {"/annotations/1/id", "", "annotations[1]: id: is missing"},
    {"/annotations/1/id", R"("two")", R"(annotations[1]: id: expected an integer, found "two")"},
    {"/annotations/1/id", "1.5", "annotations[1]: id: expected an integer, found 1.5"},
    {"/annotations/1/id", "null", "annotations[1]: id: expected an integer, found null"},
    {"/annotations/1/image_id", "", "annotation 2: image_id: is missing"},
    {"/annotations/1/image_id", R"("785")", R"(annotation 2: image_id: expected an integer, found "785")"},
    {"/annotations/1/image_id", "null", "annotation 2: image_id: expected an integer, found null"},
    {"/annotations/1/image_id", "785.5", "annotation 2: image_id: expected an integer, found 785.5"},
    {"/annotations/1/keypoints", "", "annotation 2: keypoints: is missing"},
    {"/annotations/1/keypoints", "null", "annotation 2: keypoints: expected a list, found null"},
    {"/annotations/1/keypoints", R"("none")", R"(annotation 2: keypoints: expected a list, found "none")"},
    {"/annotations/1/keypoints", "5", "annotation 2: keypoints: expected a list, found 5"},
    {"/annotations/1/keypoints", "[1,2,3]",
     R"(annotation 2: keypoints: expected 6 numbers (2 keypoints of skeleton "two"), found 3)"},
    {"/annotations/1/keypoints", R"([1,2,"x",4,5,0])", R"(annotation 2: keypoints: expected a number, found "x")"},
    {"/annotations/1/keypoints", "[1,2,null,4,5,0]", "annotation 2: keypoints: expected a number, found null"},
    {"/annotations/1/keypoints", "[[1,2,2],[4,5,0]]", "annotation 2: keypoints: expected a number, found a list"},
    {"/annotations/1/keypoints", "[1e300,2,2,4,5,0]", "annotation 2: keypoints: 1e+300 is outside of every picture"},
    {"/annotations/1/bbox", R"("x")", R"(annotation 2: bbox: expected a list, found "x")"},
    {"/annotations/1/bbox", "[1,2,3]", "annotation 2: bbox: expected 4 numbers, found 3"},
    {"/annotations/1/bbox", "[1,2,-3,4]", "annotation 2: bbox: width and height must not be negative"},
    {"/annotations/1/bbox", "null", "annotation 2: bbox: expected a list, found null"},
    {"/annotations/1/bbox", "[1,-1e7,3,4]", "annotation 2: bbox: -10000000 is outside of every picture"},
    {"/annotations/1/bbox", R"([1,2,"3",4])", R"(annotation 2: bbox: expected a number, found "3")"},
    {"/annotations/1/area", R"("big")", R"(annotation 2: area: expected a number, found "big")"},
    {"/annotations/1/area", "-1", "annotation 2: area: -1 is negative"},
    {"/annotations/1/area", "null", "annotation 2: area: expected a number, found null"},
    {"/annotations/1/iscrowd", "2", "annotation 2: iscrowd: expected 0 or 1, found 2"},
    {"/annotations/1/iscrowd", R"("0")", R"(annotation 2: iscrowd: expected an integer, found "0")"},
    {"/annotations/1/iscrowd", "null", "annotation 2: iscrowd: expected an integer, found null"},
    {"/annotations/1/iscrowd", "0.5", "annotation 2: iscrowd: expected an integer, found 0.5"},
    {"/annotations/1/num_keypoints", "1.5", "annotation 2: num_keypoints: expected an integer, found 1.5"},
    {"/annotations/1/num_keypoints", R"("2")", R"(annotation 2: num_keypoints: expected an integer, found "2")"},
    {"/annotations/1/num_keypoints", "null", "annotation 2: num_keypoints: expected an integer, found null"},
    {"/annotations/1/num_keypoints", "1e9", "annotation 2: num_keypoints: 1000000000 is out of range"},
    {"/annotations/1/category_id", R"("1")", R"(annotation 2: category_id: expected an integer, found "1")"},
    {"/annotations/1/category_id", "null", "annotation 2: category_id: expected an integer, found null"},
    {"/annotations/1/category_id", "1.5", "annotation 2: category_id: expected an integer, found 1.5"},
    {"/annotations/1/segmentation", "5",
     "annotation 2: segmentation: expected a list of polygons or an object with counts and size"},
    {"/annotations/1/segmentation", R"("x")",
     "annotation 2: segmentation: expected a list of polygons or an object with counts and size"},
    {"/annotations/1/segmentation", "true",
     "annotation 2: segmentation: expected a list of polygons or an object with counts and size"},
    {"/categories", "5", "categories: expected a list, found 5"},
    {"/categories", "[5]", "categories[0]: expected an object, found 5"},
    {"/categories", R"([{"name": "person"}])", "categories[0]: id: is missing"},
    {"/categories", R"([{"id": 1, "name": 5}])", "category 1: name: expected a text, found 5"},
    {"/categories", R"([{"id": 1, "name": "person", "keypoints": ["a"]}])",
     R"(categories: category 1 lists 1 keypoints, the skeleton "two" has 2)"},
    {"/categories", R"([{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}])",
     R"(categories: none of them is named "person")"},
};
static_assert(std::size(kWrong) >= 60);

TEST(AnnotationFieldsTest, EveryMissingOrMistypedFieldIsNamedWithWhatStandsThere) {
  for (const Variant& variant : kWrong)
    EXPECT_EQ(outcome(changed(variant)), variant.outcome) << variant.field << " = " << variant.value;
}

constexpr Variant kIds[] = {
    {"/images/1/id", "785", "picture 785: id: another picture has the same"},
    {"/annotations/1/id", "1", "annotation 1: id: another annotation has the same"},
    {"/annotations/1/id", "-1", "read"},
    {"/annotations/1/id", "0", "read"},
    {"/annotations/1/id", "2147483648", "read"},
    {"/annotations/1/id", "9223372036854775807", "read"},
    {"/annotations/1/id", "-9223372036854775808", "read"},
    {"/annotations/1/id", "9223372036854775808", "annotations[1]: id: expected an integer, found 9223372036854775808"},
    {"/annotations/1/id", "18446744073709551617",
     "annotations[1]: id: expected an integer, found 18446744073709551617"},
    {"/annotations/1/id", "18.0", "read"},
    {"/annotations/1/id", "1e15", "read"},
    {"/annotations/1/id", "1.1e15", "annotations[1]: id: expected an integer, found 1.1e15"},
    {"/images/1/id", "-5", "read"},
    {"/images/1/id", "4294967296", "read"},
    {"/annotations/1/image_id", "786", "read"},
    {"/annotations/1/image_id", "-785", "annotation 2: image_id: there is no picture -785"},
    {"/annotations/1/image_id", "785.0", "read"},
    {"/annotations/1/category_id", "3", "read; 1 annotation of other categories left out"},
    {"/annotations/1/category_id", "-1", "read; 1 annotation of other categories left out"},
    {"/annotations/1/category_id", "9223372036854775807", "read; 1 annotation of other categories left out"},
};
static_assert(std::size(kIds) >= 16);

TEST(AnnotationFieldsTest, IdsAreWholeNumbersOf64BitsAndUnique) {
  for (const Variant& variant : kIds)
    EXPECT_EQ(outcome(changed(variant)), variant.outcome) << variant.field << " = " << variant.value;
}

constexpr Variant kContradictions[] = {
    {"/annotations/0/num_keypoints", "0", "2 joints, area 123.5, 0 regions; counted anew"},
    {"/annotations/0/num_keypoints", "1", "2 joints, area 123.5, 0 regions; counted anew"},
    {"/annotations/0/num_keypoints", "3", "2 joints, area 123.5, 0 regions; counted anew"},
    {"/annotations/0/num_keypoints", "-1", "2 joints, area 123.5, 0 regions; counted anew"},
    {"/annotations/0/num_keypoints", "17", "2 joints, area 123.5, 0 regions; counted anew"},
    {"/annotations/0/num_keypoints", "2.0", "2 joints, area 123.5, 0 regions"},
    {"/annotations/0/keypoints", "[0,0,2,9.5,16,1]", "2 joints, area 123.5, 0 regions"},
    {"/annotations/0/keypoints", "[0,0,0,0,0,0]", "0 joints, area 123.5, 1 regions; counted anew"},
    {"/annotations/0/keypoints", "[5,6,0,9.5,16,0]", "0 joints, area 123.5, 1 regions; counted anew"},
    {"/annotations/0/keypoints", "[5,6,3,9.5,16,0.5]", "2 joints, area 123.5, 0 regions"},
    {"/annotations/0/keypoints", "[5,6,-1,9.5,16,1]", "1 joints, area 123.5, 0 regions; counted anew"},
    {"/annotations/0/keypoints", "[-50,6,2,900,16,1]", "2 joints, area 123.5, 0 regions"},
    {"/annotations/0/keypoints", "[5,6,2,5,6,2]", "2 joints, area 123.5, 0 regions"},
    {"/annotations/0/bbox", "[4,5,0,0]", "2 joints, area 123.5, 0 regions"},
    {"/annotations/0/bbox", "[4,5,0,20]", "2 joints, area 123.5, 0 regions"},
    {"/annotations/0/bbox", "[4,5,10,0]", "2 joints, area 123.5, 0 regions"},
    {"/annotations/0/bbox", "[-100,-100,1000,1000]", "2 joints, area 123.5, 0 regions"},
    {"/annotations/0/bbox", "[900,900,10,10]", "2 joints, area 123.5, 0 regions"},
    {"/annotations/0/bbox", "[4,5,1e-300,1e-300]", "2 joints, area 123.5, 0 regions"},
    {"/annotations/0/area", "0", "2 joints, area 0, 0 regions"},
    {"/annotations/0/area", "1e-300", "2 joints, area 1e-300, 0 regions"},
    {"/annotations/0/area", "1e300", "2 joints, area 1e+300, 0 regions"},
    {"/annotations/0/area", "200", "2 joints, area 200, 0 regions"},
    {"/annotations/0/area", "",
     "2 joints, area 106.00000000000001, 0 regions; 1 annotation without area: 0.53 of the box"},
    {"/annotations/0/iscrowd", "1", "2 joints, area 123.5, 1 regions"},
    {"/annotations/0/iscrowd", "true", "2 joints, area 123.5, 1 regions"},
    {"/annotations/0/segmentation", "[]", "2 joints, area 123.5, 0 regions"},
    {"/annotations/0/segmentation", R"({"counts": [1200], "size": [30, 40]})", "2 joints, area 123.5, 0 regions"},
    {"/annotations/0/segmentation", R"({"counts": [600], "size": [20, 30]})", "2 joints, area 123.5, 0 regions"},
    {"/annotations/0/segmentation", "null", "2 joints, area 123.5, 0 regions"},
    {"/annotations/0/segmentation", "[[1,1,2,2,3,1]]", "2 joints, area 123.5, 0 regions"},
    {"/images/0/width", "41", "2 joints, area 123.5, 0 regions"},
    {"/images/0/width", "1", "2 joints, area 123.5, 0 regions"},
    {"/images/0/crowdIndex", "-3", "2 joints, area 123.5, 0 regions"},
};
static_assert(std::size(kContradictions) >= 30);

// What training makes of the first person.
TEST(AnnotationFieldsTest, WhatContradictsItselfFollowsAWrittenRule) {
  for (const Variant& variant : kContradictions) {
    DataSet set;
    std::string said = outcome(changed(variant), &set).substr(4);
    ASSERT_EQ(set.pictures.size(), 2u) << said;
    const Annotation& person = set.pictures[0].annotations.at(0);
    const std::size_t regions = person.segmentation.polygons.size() + (person.segmentation.runs.counts.empty() ? 0 : 1);
    said = fmt::format("{} joints, area {}, {} regions{}", person.num_keypoints, person.area, regions, said);
    EXPECT_EQ(said, variant.outcome) << variant.field << " = " << variant.value;
  }
}

// A number as files spell it, now and then as none may.
std::string spelled(Random& random) {
  constexpr const char* kOthers[] = {"-3",      "9.5",     "1e3", "-0", "0.0", "123456789",
                                     "1000000", "1000001", "01",  "1.", "+1",  ""};
  if (random.below(400) == 0) return kOthers[random.below(std::size(kOthers))];
  std::string digits = std::to_string(random.below(random.below(2) == 0 ? 3 : 5000));
  if (random.below(40) == 0) digits += random.below(2) == 0 ? " " : ".25";
  return random.below(8) == 0 ? ' ' + digits : digits;
}

TEST(AnnotationFieldsTest, ListsHoldTheNumbersThatAnotherReaderFinds) {
  int read = 0, refused = 0;
  for (int i = 0; i < 2000; ++i) {
    Random random(1, 0, static_cast<std::uint64_t>(i), RandomPurpose::test);
    Skeleton skeleton;
    skeleton.name = "many";
    skeleton.keypoints.resize(static_cast<std::size_t>(1 + random.below(60)));
    std::string list = "[" + spelled(random);
    for (std::size_t k = 1; k < 3 * skeleton.keypoints.size(); ++k) list += "," + spelled(random);
    const std::string text = fmt::format(
        R"({{"images": [{{"id": 1, "file_name": "a", "width": 9, "height": 9}}],
            "annotations": [{{"id": 1, "image_id": 1, "keypoints": {}], "num_keypoints": 1, "iscrowd": 0}}]}})",
        list);
    const Json document = Json::parse(text, nullptr, false);
    std::vector<double> expected;
    if (!document.is_discarded()) expected = document["annotations"][0]["keypoints"].get<std::vector<double>>();
    const auto is_far = [](double number) { return std::abs(number) > 1e6; };
    if (document.is_discarded() || std::ranges::any_of(expected, is_far)) {
      EXPECT_THROW(parse_annotations(text, "f", "", skeleton), InputError) << list;
      ++refused;
    } else {
      EXPECT_EQ(parse_annotations(text, "f", "", skeleton).pictures[0].annotations[0].keypoints, expected) << list;
      ++read;
    }
  }
  EXPECT_GE(read, 1000);
  EXPECT_GE(refused, 100);
}

TEST(AnnotationFieldsTest, AKeyThatIsThereTwiceIsAnError) {
  int checked = 0;
  const auto refuse = [&](const Json& object, const std::string& key, const std::string& whole) {
    const std::string one = Json(key).dump() + ':' + object.at(key).dump(), text = object.dump();
    std::string twice = whole;
    twice.replace(twice.find(text), text.size(), '{' + one + ',' + text.substr(1));
    EXPECT_NE(outcome(twice).find(key + ": is there twice"), std::string::npos) << twice << '\n' << outcome(twice);
    ++checked;
  };
  const Json document = Json::parse(kValid);
  for (const char* list : {"images", "annotations", "categories"}) {
    refuse(document, list, document.dump());
    for (const auto& [key, value] : document.at(list).at(0).items())
      refuse(document.at(list).at(0), key, document.dump());
  }
  EXPECT_EQ(checked, 3 + 4 + 9 + 2);
}

// The time is generous for a sanitizer's build; work that grows with the square of the depth takes hours.
TEST(AnnotationFieldsTest, DepthWithoutEndIsRefusedInAMoment) {
  const auto deep = [](std::string_view opening) {
    std::string text;
    while (text.size() < 1'000'000) text += opening;
    return text;
  };
  const auto start = std::chrono::steady_clock::now();
  for (const std::string& text :
       {deep("["), deep("{\"a\":"), R"({"images":)" + deep("["), R"({"info":)" + deep("["),
        R"({"info":)" + deep("{\"a\":"), R"({"images":[{"id":)" + deep("["),
        R"({"annotations":[{"segmentation":)" + deep("["), R"({"annotations":[{"keypoints":)" + deep("["),
        R"({"images":[],"annotations":[],"info":)" + deep("[],")})
    EXPECT_NE(outcome(text).substr(0, 4), "read") << text.substr(0, 60);
  const std::string closed = deep("[") + std::string(1'000'000, ']');
  EXPECT_EQ(outcome(R"({"images":[],"info":)" + closed + R"(,"annotations":[]})"), "read") << "skipped, not followed";
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

}  // namespace
}  // namespace posecu
