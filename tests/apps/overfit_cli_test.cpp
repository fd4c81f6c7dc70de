// The whole story on one picture: a small network learns it by heart, finds the person, and draws it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "data/picture.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_network.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

// x, y of the shipped picture's person, in the skeleton's order (examples/one_picture/annotations).
constexpr double kSkier[17][2] = {{367, 81},  {374, 73},  {360, 75},  {386, 78},  {356, 81},  {399, 108},
                                  {358, 129}, {433, 142}, {341, 159}, {449, 165}, {309, 178}, {424, 203},
                                  {393, 214}, {429, 294}, {367, 273}, {466, 362}, {396, 341}};

TEST(SlowCliTest, ANetworkLearnsAPictureByHeart) {
  const TemporaryFolder folder;
  const std::string set = one_picture_set().string();
  const ProgramResult trained =
      run_posecu({"train", set + "/demo.toml", "data.root=" + set, "--out", "run"}, folder.path());
  ASSERT_EQ(trained.code, 0) << trained.err;

  const ProgramResult scored = run_posecu({"eval", "run", "--json", "--quiet"}, folder.path());
  ASSERT_EQ(scored.code, 0) << scored.err;
  EXPECT_GE(nlohmann::json::parse(scored.out).at("statistics").at("AP"), 0.8);

  const ProgramResult found = run_posecu(
      {"predict", "run", set + "/train/000000000785.jpg", "--out", "found", "--json", "--quiet"}, folder.path());
  ASSERT_EQ(found.code, 0) << found.err;
  // The sure person comes first; what the network never saw (the frame around the picture) may hold others.
  const nlohmann::json person = nlohmann::json::parse(found.out).at("people").at(0);
  int near = 0;
  for (std::size_t k = 0; k < 17; ++k) {
    const nlohmann::json& keypoint = person.at("keypoints").at(k);
    const double x = keypoint.at("x"), y = keypoint.at("y");
    near += std::hypot(x - kSkier[k][0], y - kSkier[k][1]) < 10 ? 1 : 0;
  }
  EXPECT_GE(near, 14) << "keypoints within 10 pixels of their labels\n" << person.dump(1);
  EXPECT_NE(read_picture((folder.path() / "found/000000000785.png").string()).pixels,
            read_picture(set + "/train/000000000785.jpg").pixels);
}

}  // namespace
}  // namespace posecu
