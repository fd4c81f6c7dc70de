#include "data/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "data/stats.h"
#include "tests/data/two_keypoints.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class CheckTest : public testing::Test {
 protected:
  DataSet read(const std::string& people, const std::string& pictures = kPictures) {
    std::ofstream(path()) << R"({"images": [)" << pictures << R"(], "annotations": [)" << people << "]}";
    return read_usable_annotations(path(), (folder_.path() / "pictures").string(), two_keypoints());
  }
  // What was found, as "title: place: text".
  std::vector<std::string> found(const CheckReport& report) const {
    std::vector<std::string> lines;
    for (const Problem& problem : report.problems())
      for (const Problem::Place& place : problem.places)
        lines.push_back(std::string(title_of(problem.kind)) + ": " + place.where + ": " + place.what);
    return lines;
  }
  std::string path() const { return (folder_.path() / "labels.json").string(); }

  static constexpr const char* kPictures = R"({"id": 7, "file_name": "a.png", "width": 40, "height": 30})";
  TemporaryFolder folder_;
};

std::string person(int id, const std::string& keypoints, const std::string& more) {
  return R"({"id": )" + std::to_string(id) + R"(, "image_id": 7, "keypoints": [)" + keypoints + "], " + more + "}";
}

TEST_F(CheckTest, FindsNothingInASoundSet) {
  EXPECT_THAT(found(check_labels(read(person(1, "5,6,2,9,16,1", R"("bbox": [4,5,10,20], "area": 100)")))),
              ElementsAre());
}

TEST_F(CheckTest, GoesOnBehindEntriesThatCannotBeUsed) {
  const DataSet set = read(person(1, "5,6,2", R"("bbox": [4,5,10,20], "area": 100)") + ",[3]," +
                           person(2, R"("x",6,2,9,16,1)", R"("bbox": [4,5,10,20], "area": 100)") + "," +
                           person(3, "5,6,2,9,16,1", R"("bbox": [4,5,10,20], "area": 100)") + "," +
                           person(3, "5,6,2,9,16,1", R"("bbox": [4,5,10,20], "area": 100)"));
  ASSERT_EQ(set.pictures.at(0).annotations.size(), 1u);
  EXPECT_EQ(set.pictures[0].annotations[0].id, 3);
  const std::vector<std::string> lines = found(check_labels(set));
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_THAT(lines[0], HasSubstr("annotations[1]: expected an object"));
  EXPECT_THAT(lines[1], HasSubstr("annotation 2: keypoints: expected a number"));
  EXPECT_THAT(lines[2], HasSubstr("annotation 1: keypoints: expected 6 numbers"));
  EXPECT_THAT(lines[3], HasSubstr("annotation 3: id: another annotation has the same"));
}

TEST_F(CheckTest, NamesEveryOddity) {
  const DataSet set = read(person(1, "45,6,2,9,16,1", R"("bbox": [4,5,10,20], "area": 100)") + "," +
                           person(2, "0,0,2,9,16,1", R"("bbox": [4,5,10,20], "area": 100, "num_keypoints": 1)") + "," +
                           person(3, "8,9,2,9,10,1", R"("bbox": [4,5,0,20])") + "," +
                           person(4, "0,0,0,0,0,0", R"("bbox": [4,5,10,20], "area": 100)") + "," +
                           person(5, "8,9,2,9,10,1", R"("bbox": [4,5,10,20], "area": 100)"));
  EXPECT_THAT(
      found(check_labels(set)),
      ElementsAre("labelled keypoints outside of the picture: annotation 1: left_end at (45, 6), picture 7 has 40 x 30",
                  "labelled keypoints at (0, 0): annotation 2: left_end at (0, 0)",
                  "people with keypoints far outside of their box: annotation 1: 1 keypoints, box [4, 5, 10, 20]",
                  "people whose box is empty: annotation 3: box of 0 x 20", "people without area: annotation 3: ",
                  "people whose num_keypoints is not the number of marked keypoints: annotation 2: ",
                  "people without labelled keypoints and without segmentation: annotation 4: in picture 7",
                  "people with the same keypoints as another one of their picture: annotation 5: as annotation 3, in "
                  "picture 7"));
}

TEST_F(CheckTest, NamesTwentyPlacesOfAKindAndCountsAll) {
  std::string people = person(1, "0,0,2,1,9,1", R"("bbox": [0,0,30,20], "area": 9)");
  for (int id = 2; id <= 30; ++id)
    people.append(",").append(person(id, "0,0,2," + std::to_string(id) + ",9,1", R"("bbox": [0,0,30,20], "area": 9)"));
  const std::vector<Problem> problems = check_labels(read(people)).problems();
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].count, 30u);
  EXPECT_EQ(problems[0].places.size(), 20u);
  EXPECT_EQ(problems[0].places[19].where, "annotation 20");
  CheckReport twice = check_labels(read(people));
  twice.add(check_labels(read(people)));
  EXPECT_EQ(twice.problems()[0].count, 60u);
}

TEST_F(CheckTest, ReadsThePictures) {
  const DataSet set =
      read(person(1, "0,0,0,0,0,0", R"("iscrowd": 1, "segmentation": {"counts": [1200], "size": [30, 40]})"));
  const auto look = [&] { return found(check_picture(set, set.pictures.at(0))); };
  std::filesystem::create_directory(folder_.path() / "pictures");
  EXPECT_THAT(look(), ElementsAre(HasSubstr("pictures without a file: picture 7: ")));
  const std::string file = (folder_.path() / "pictures/a.png").string();
  std::ofstream(file) << "no picture";
  EXPECT_THAT(look(), ElementsAre(HasSubstr("not a picture of a known type")));
  write_png(file, {40, 30, std::vector<std::uint8_t>(40 * 30 * 3)});
  EXPECT_THAT(look(), ElementsAre());
  write_png(file, {30, 40, std::vector<std::uint8_t>(40 * 30 * 3)});
  EXPECT_THAT(look(), ElementsAre(HasSubstr("30 x 40 pixels, the annotations say 40 x 30"),
                                  HasSubstr("masks that do not fit their picture: picture 7: ")));
}

TEST_F(CheckTest, ALinkMustNotLeadOutOfThePictureFolder) {
  const DataSet set = read("");
  std::filesystem::create_directories(folder_.path() / "store");
  std::filesystem::create_directory_symlink("store", folder_.path() / "pictures");
  const Picture picture{40, 30, std::vector<std::uint8_t>(40 * 30 * 3)};
  write_png((folder_.path() / "store/b.png").string(), picture);
  std::filesystem::create_symlink("b.png", folder_.path() / "store/a.png");
  EXPECT_EQ(read_picture(set.pictures.at(0)).width, 40) << "the folder may be a link, and links may stay inside";
  write_png((folder_.path() / "outside.png").string(), picture);
  std::filesystem::remove(folder_.path() / "store/a.png");
  std::filesystem::create_symlink("../outside.png", folder_.path() / "store/a.png");
  try {
    read_picture(set.pictures.at(0));
    ADD_FAILURE() << "read a picture from elsewhere";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("a link that leads out of the picture folder"));
  }
}

TEST_F(CheckTest, StatsCountPeopleByScale) {
  const DataSet set = read(person(1, "5,6,2,9,16,1", R"("bbox": [4,5,6,6], "area": 100)") + "," +
                               person(2, "5,6,2,0,0,0", R"("bbox": [0,0,40,40], "area": 100)") + "," +
                               person(3, "0,0,0,0,0,0", R"("bbox": [0,0,40,40], "area": 100)"),
                           std::string(kPictures) + R"(,{"id": 8, "file_name": "b.png", "width": 9, "height": 9})");
  const DataStats stats = data_stats(set, 4);
  EXPECT_EQ(stats.pictures, 2u);
  EXPECT_EQ(stats.pictures_with_people, 1u);
  EXPECT_EQ(stats.people, 3u);
  EXPECT_EQ(stats.labelled_people, 2u);
  EXPECT_THAT(stats.people_a_picture, ElementsAre(1u, 0u, 0u, 1u));
  EXPECT_THAT(stats.scale_levels, ElementsAre(1u, 0u, 0u, 1u)) << "0.2, and 1.33 in the last level";
  EXPECT_DOUBLE_EQ(stats.smallest_scale, 0.2);
  EXPECT_EQ(stats.keypoints[1].hidden, 1u);
  EXPECT_EQ(stats.keypoints[1].unlabelled, 1u);
}

}  // namespace
}  // namespace posecu
