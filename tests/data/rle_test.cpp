// Run lengths against pycocotools (rle/make_rles.py), and run lengths and polygons that are none.
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>

#include "data/annotation_json.h"
#include "data/mask.h"

namespace posecu {
namespace {

std::string as_digits(const Mask& mask) {
  std::string digits;
  for (std::size_t i = 0; i < mask.pixels.size(); i += 4) {
    int digit = 0;
    for (std::size_t bit = i; bit < i + 4; ++bit)
      digit = 2 * digit + (bit < mask.pixels.size() && mask.pixels[bit] != 0 ? 1 : 0);
    digits += "0123456789abcdef"[digit];
  }
  return digits;
}

TEST(RleTest, EqualsPycocotoolsOnFiveHundredMasks) {
  std::ifstream file(POSECU_SOURCE_FOLDER "/tests/data/rle/rles.txt");
  std::string line;
  int checked = 0;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    RunLengths runs;
    std::string counts, digits;
    words >> runs.height >> runs.width >> counts >> digits;
    runs.counts = parse_compressed_counts(counts);
    Mask mask{runs.width, runs.height,
              std::vector<std::uint8_t>(static_cast<std::size_t>(runs.width) * static_cast<std::size_t>(runs.height))};
    paint(mask, runs, 1);
    ASSERT_EQ(as_digits(mask), digits) << line;
    ++checked;
  }
  EXPECT_EQ(checked, 500);
}

// The JSON of a segmentation that must be refused with this text.
struct BadRegion {
  const char *json, *problem;
};

std::string refusal(const std::string& json) {
  try {
    parse_segmentation(json);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(RleTest, RefusesFortyBadRunLengths) {
  constexpr BadRegion kBad[] = {
      {R"({"counts": [199], "size": [10, 20]})", "segmentation: run lengths sum to 199, expected 10 x 20 = 200"},
      {R"({"counts": [201], "size": [10, 20]})", "segmentation: run lengths sum to 201, expected 10 x 20 = 200"},
      {R"({"counts": [], "size": [10, 20]})", "segmentation: run lengths sum to 0, expected 10 x 20 = 200"},
      {R"({"counts": [100, 99], "size": [10, 20]})", "segmentation: run lengths sum to 199, expected 10 x 20 = 200"},
      {R"({"counts": [-1, 201], "size": [10, 20]})", "segmentation: counts: -1 is no run length"},
      {R"({"counts": [0.5, 199.5], "size": [10, 20]})", "segmentation: counts: 0.5 is no run length"},
      {R"({"counts": [1e300], "size": [10, 20]})", "segmentation: counts: 1e+300 is no run length"},
      {R"({"counts": [4294967296], "size": [10, 20]})", "segmentation: counts: 4294967296 is no run length"},
      {R"({"counts": [2147483648], "size": [10, 20]})",
       "segmentation: run lengths sum to 2147483648, expected 10 x 20 = 200"},
      {R"({"counts": [4294967295, 4294967295], "size": [10, 20]})",
       "segmentation: run lengths sum to 8589934590, expected 10 x 20 = 200"},
      {R"({"counts": ["200"], "size": [10, 20]})", "segmentation: counts: expected a number"},
      {R"({"counts": [[200]], "size": [10, 20]})", "segmentation: counts: expected a number"},
      {R"({"counts": [null], "size": [10, 20]})", "segmentation: counts: expected a number"},
      {R"({"counts": [200], "size": [10]})", "segmentation: size: expected [height, width]"},
      {R"({"counts": [200], "size": [10, 20, 1]})", "segmentation: size: expected [height, width]"},
      {R"({"counts": [200], "size": []})", "segmentation: size: expected [height, width]"},
      {R"({"counts": [200], "size": 200})", "segmentation: size: expected a list"},
      {R"({"counts": [200], "size": ["10", 20]})", "segmentation: size: expected a number"},
      {R"({"counts": [200], "size": [0, 20]})", "segmentation: size [0,20] must be positive"},
      {R"({"counts": [200], "size": [10, -20]})", "segmentation: size [10,-1] must be positive"},
      {R"({"counts": [0], "size": [0, 0]})", "segmentation: size [0,0] must be positive"},
      {R"({"counts": [200]})", "segmentation: size: is missing"},
      {R"({"size": [10, 20]})", "segmentation: counts: is missing"},
      {R"({})", "segmentation: counts: is missing"},
      {R"({"counts": [200], "counts": [200], "size": [10, 20]})", "segmentation: counts: is there twice"},
      {R"({"counts": [200], "size": [10, 20], "size": [10, 20]})", "segmentation: size: is there twice"},
      {R"({"counts": "", "size": [10, 20]})", "segmentation: run lengths sum to 0, expected 10 x 20 = 200"},
      {R"({"counts": "X", "size": [10, 20]})", "segmentation: compressed counts end within a number"},
      {R"({"counts": "0", "size": [10, 20]})", "segmentation: run lengths sum to 0, expected 10 x 20 = 200"},
      {R"({"counts": "O", "size": [10, 20]})", "segmentation: compressed counts: count 0 is -1"},
      {R"({"counts": "@", "size": [10, 20]})", "segmentation: compressed counts: count 0 is -16"},
      {R"({"counts": "8!", "size": [10, 20]})", "segmentation: compressed counts: bad character at 1"},
      {R"({"counts": "8 ", "size": [10, 20]})", "segmentation: compressed counts: bad character at 1"},
      {R"({"counts": "8p", "size": [10, 20]})", "segmentation: compressed counts: bad character at 1"},
      {R"({"counts": "8\u00e9", "size": [10, 20]})", "segmentation: compressed counts: bad character at 1"},
      {R"({"counts": "oooooooooo0", "size": [10, 20]})", "segmentation: a compressed count is too large"},
      {R"({"counts": "ooooooo?", "size": [10, 20]})", "segmentation: compressed counts: count 0 is 549755813887"},
      {R"({"counts": true, "size": [10, 20]})", "segmentation: run lengths sum to 0, expected 10 x 20 = 200"},
      {R"("X6")", "segmentation: "},
      {R"(7)", "segmentation: "},
  };
  int checked = 0;
  for (const auto& [json, problem] : kBad) {
    const std::string found = refusal(json);
    EXPECT_NE(found, "accepted") << json;
    EXPECT_TRUE(found.starts_with(problem)) << json << "\n" << found;
    ++checked;
  }
  EXPECT_EQ(checked, 40);
}

TEST(RleTest, RefusesTwentyBadPolygons) {
  constexpr const char* kBad[] = {"[[]]",
                                  "[[1,2]]",
                                  "[[1,2,3,4]]",
                                  "[[1,2,3,4,5]]",
                                  "[[1,2,3,4,5,6,7]]",
                                  "[[1,2,3,4,5,1e6]]",
                                  "[[1,2,3,4,5,-1e6]]",
                                  "[[1,2,3,4,5,1e300]]",
                                  "[[1,2,3,4,5,1e999]]",
                                  "[[1,2,3,4,5,\"6\"]]",
                                  "[[1,2,3,4,5,null]]",
                                  "[[1,2,3,4,5,[6]]]",
                                  "[1,2,3,4,5,6]",
                                  "[[[1,2],[3,4],[5,6]]]",
                                  "[{\"counts\": [200], \"size\": [10, 20]}]",
                                  "[[1,2,3,4,5,6],[]]",
                                  "[[1,2,3,4,5,6],7]",
                                  "[[1,2,3,4,5,NaN]]",
                                  "[[1,2,3,4,5,Infinity]]",
                                  "[[1,2,3,4,,6]]"};
  int checked = 0;
  for (const char* json : kBad) {
    EXPECT_TRUE(refusal(json).starts_with("segmentation: ")) << json;
    ++checked;
  }
  EXPECT_EQ(checked, 20);
  EXPECT_EQ(refusal("[[1,2,3,4,5,6]]"), "accepted");
  EXPECT_EQ(refusal(R"({"counts": [190, 10], "size": [10, 20]})"), "accepted");
}

}  // namespace
}  // namespace posecu
