// Reading and writing results files.
#include "pose/results.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/damage.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Reads results from a text through a file.
class ResultsFile : public ::testing::Test {
 protected:
  Detections read(const std::string& text) {
    std::ofstream(path_) << text;
    return read_results(path_);
  }

  std::string error_of(const std::string& text) {
    try {
      read(text);
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(path_));
      return std::string(error.what()).substr(path_.size());
    }
    return "no error";
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.path() / "results.json";
};

constexpr const char* kEntry =
    R"({"image_id": 7, "category_id": 1, "keypoints": [1, 2.5, 0.5, 0, 0, 0], "score": 0.25, "bbox": [1, 2, 3, 4]})";

TEST_F(ResultsFile, ReadsFieldsInAnyOrder) {
  const Detections detections =
      read(R"([{"bbox": [1, 2, 3, 4], "segmentation": [[1]], "score": 0.25, "keypoints": [1, 2.5, 0.5, 0, 0, 0],
                "category_id": 1, "image_id": 7.0}])"
           "\n");
  ASSERT_EQ(detections.list.size(), 1U);
  const Detection& detection = detections.list[0];
  EXPECT_EQ(detections.source, path_);
  EXPECT_EQ(detection.picture_id, 7);
  EXPECT_EQ(detection.category_id, 1);
  EXPECT_EQ(detection.score, 0.25);
  EXPECT_THAT(detection.keypoints, ElementsAre(1, 2.5, 0.5, 0, 0, 0));
  EXPECT_THAT(detection.bbox, ElementsAre(1, 2, 3, 4));
}

TEST_F(ResultsFile, MakesBoxesWhereTheFirstEntryHasNone) {
  const Detections detections =
      read(R"([{"image_id": 1, "category_id": 1, "keypoints": [5, 2, 1, 3, 9, 1], "score": 1, "bbox": []},
               {"image_id": 1, "category_id": 1, "keypoints": [5, 2, 1, 0, 0, 0], "score": 1, "bbox": [1, 2, 3, 4]}])");
  EXPECT_THAT(detections.list[0].bbox, ElementsAre(3, 2, 2, 7));
  EXPECT_THAT(detections.list[1].bbox, ElementsAre(0, 0, 5, 2));
}

TEST_F(ResultsFile, ReadsAnEmptyList) { EXPECT_TRUE(read("[]").list.empty()); }

TEST_F(ResultsFile, NamesEntryAndFieldOfWhatIsWrong) {
  const auto entry = [](const std::string& from, const std::string& to) {
    std::string text = kEntry;
    text.replace(text.find(from), from.size(), to);
    return fmt::format("[{}, {}]", kEntry, text);
  };
  EXPECT_EQ(error_of(entry("0.25", "\"high\"")), ": [1].score: expected a finite number");
  EXPECT_EQ(error_of(entry("0.25", "NaN")), ": [1].score: expected a finite number");
  EXPECT_EQ(error_of(entry("0.25", "1e999")), ": [1].score: expected a finite number");
  EXPECT_EQ(error_of(entry("7", "7.5")), ": [1].image_id: 7.5 is no integer");
  EXPECT_EQ(error_of(entry("score", "scores")), ": [1].score: is missing");
  EXPECT_EQ(error_of(entry("\"bbox\": [1, 2, 3, 4]", "\"bbox\": []")),
            ": [1].bbox: is missing, while the first entry has one");
  EXPECT_EQ(error_of(entry("[1, 2, 3, 4]", "[1, 2, 3]")),
            ": [1].bbox: expected 4 numbers x, y, width, height, found 3");
  EXPECT_EQ(error_of(entry("[1, 2.5, 0.5, 0, 0, 0]", "[1, 2, 3, 4]")),
            ": [1].keypoints: expected x, y and score of each joint, found 4 numbers");
  EXPECT_EQ(error_of(entry("[1, 2.5, 0.5, 0, 0, 0]", "[1, 2, 3]")),
            ": [1].keypoints: expected 6 numbers as in the first entry, found 3");
  EXPECT_EQ(error_of(entry("category_id", "image_id")), ": [1].image_id: is there twice");
}

TEST_F(ResultsFile, RefusesWhatIsNoListOfEntries) {
  EXPECT_EQ(error_of(""), ": the file is empty, expected a list of results");
  EXPECT_EQ(error_of("{}"), ": expected a list of results, found an object, as annotation files are");
  EXPECT_EQ(error_of("5"), ": expected a list of results");
  EXPECT_EQ(error_of("[3]"), ": [0]: expected an object");
  EXPECT_EQ(error_of("[] []"), ": something follows the list of results");
  EXPECT_THAT(error_of(std::string(1'000'000, '[')), HasSubstr(": "));
}

TEST_F(ResultsFile, RefusesEveryTruncation) {
  const std::string text = fmt::format("[{}, {}]", kEntry, kEntry);
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_NE(error_of(text.substr(0, size)), "no error") << "after " << size << " bytes";
  }
}

TEST_F(ResultsFile, DamageIsRefusedOrReadButNeverWorse) {
  const std::string text = fmt::format("[{}, {}]", kEntry, kEntry);
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    const std::string damaged = damaged_json(text, seed);
    try {
      for (const Detection& detection : parse_results(damaged, "damaged.json").list)
        EXPECT_EQ(detection.keypoints.size() % 3, 0U);
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("damaged.json"));
      ++refused;
    }
  }
  EXPECT_GT(refused, 2000);
}

TEST_F(ResultsFile, WritesWhatItReads) {
  const Detections detections = read(fmt::format("[{}]", kEntry));
  write_results(path_, detections.list);
  EXPECT_EQ(read_text_file(path_),
            R"([{"image_id": 7, "category_id": 1, "keypoints": [1.0, 2.5, 0.5, 0.0, 0.0, 0.0], "score": 0.25, )"
            R"("bbox": [1.0, 2.0, 3.0, 4.0]}])");
  EXPECT_EQ(read_results(path_).list[0].keypoints, detections.list[0].keypoints);
}

TEST(ResultsJson, SpellsNumbersAsPythonDoes) {
  const auto spelled = [](double value) {
    Detection detection;
    detection.score = value;
    const std::string text = results_json({&detection, 1});
    const std::size_t from = text.find("\"score\": ") + 9;
    return text.substr(from, text.find(',', from) - from);
  };
  const std::pair<double, const char*> cases[] = {{0.0, "0.0"},
                                                  {-0.0, "-0.0"},
                                                  {1.0, "1.0"},
                                                  {123.0, "123.0"},
                                                  {0.1, "0.1"},
                                                  {-2.5, "-2.5"},
                                                  {1234.5678, "1234.5678"},
                                                  {0.0001, "0.0001"},
                                                  {0.00012, "0.00012"},
                                                  {0.00001, "1e-05"},
                                                  {1.5e-7, "1.5e-07"},
                                                  {1e15, "1000000000000000.0"},
                                                  {1e16, "1e+16"},
                                                  {1.5e300, "1.5e+300"},
                                                  {1.0 / 3, "0.3333333333333333"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(spelled(value), text);
}

TEST(ResultsJson, WritesAnEmptyList) { EXPECT_EQ(results_json({}), "[]"); }

TEST(KeypointBox, HoldsMissingJointsToo) {
  EXPECT_THAT(keypoint_box(std::vector<double>{4, 5, 1, 0, 0, 0, 9, 3, 1}), ElementsAre(0, 0, 9, 5));
}

}  // namespace
}  // namespace posecu
