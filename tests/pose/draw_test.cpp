#include "pose/draw.h"

#include <gtest/gtest.h>

#include <limits>

namespace posecu {
namespace {

using Colour = Skeleton::Colour;
constexpr Colour kRed{200, 0, 0}, kGreen{0, 200, 0};
constexpr std::uint8_t kGrey = 128;

Skeleton two_keypoints() {
  Skeleton skeleton;
  skeleton.keypoints = {"a", "b"};
  skeleton.edges = {{0, 1}};
  skeleton.colours = {kRed, kGreen};
  return skeleton;
}

Picture grey_picture(int width, int height) {
  return {width, height,
          std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * Picture::channels), kGrey)};
}

Colour colour_at(const Picture& picture, int x, int y) {
  const std::uint8_t* pixel = picture.row(y) + Picture::channels * x;
  return {pixel[0], pixel[1], pixel[2]};
}

Person person_of(std::vector<Keypoint> keypoints) { return {std::move(keypoints), 0.5}; }

Picture drawn(const Person& person, const DrawOptions& options = {}) {
  Picture picture = grey_picture(400, 400);
  draw_people(picture, two_keypoints(), {&person, 1}, options);
  return picture;
}

const Picture kUntouched = grey_picture(400, 400);

TEST(Draw, JointsAndLimbsHaveTheSkeletonsColours) {
  const Picture picture = drawn(person_of({{100.5f, 200.5f, 0.9f, false}, {300.5f, 200.5f, 0.8f, false}}));
  EXPECT_EQ(colour_at(picture, 100, 200), kRed);
  EXPECT_EQ(colour_at(picture, 300, 200), kGreen);
  EXPECT_EQ(colour_at(picture, 200, 200), kGreen);  // of the limb's second keypoint
}

TEST(Draw, TouchesNothingAwayFromThePerson) {
  const Picture picture = drawn(person_of({{100.5f, 200.5f, 0.9f, false}, {300.5f, 200.5f, 0.8f, false}}));
  for (int y = 0; y < 400; ++y)
    for (int x = 0; x < 400; ++x) {
      const bool near = y >= 190 && y <= 210 && x >= 90 && x <= 310;
      ASSERT_TRUE(near || colour_at(picture, x, y) == (Colour{kGrey, kGrey, kGrey})) << x << ' ' << y;
    }
}

TEST(Draw, EdgesOfLinesAreSmooth) {
  const Picture picture = drawn(person_of({{100.5f, 200.5f, 0.9f, false}, {300.5f, 240.5f, 0.8f, false}}));
  int between = 0;
  for (int y = 0; y < 400; ++y)
    if (const int green = colour_at(picture, 200, y)[1]; green != kGrey && green != 200 && green > 80) ++between;
  EXPECT_GE(between, 1);
}

TEST(Draw, HidesKeypointsBelowTheLeastScoreAndTheirLimbs) {
  const Person person = person_of({{100.5f, 200.5f, 0.9f, false}, {300.5f, 200.5f, 0.1f, false}});
  const Picture picture = drawn(person);
  EXPECT_EQ(colour_at(picture, 100, 200), kRed);
  EXPECT_EQ(colour_at(picture, 200, 200), (Colour{kGrey, kGrey, kGrey}));
  EXPECT_EQ(colour_at(picture, 300, 200), (Colour{kGrey, kGrey, kGrey}));
  EXPECT_EQ(colour_at(drawn(person, {.min_score = 0.1}), 300, 200), kGreen);
}

TEST(Draw, HidesRefinedKeypointsUnlessAsked) {
  const Person person = person_of({{100.5f, 200.5f, 0.9f, false}, {300.5f, 200.5f, 0.8f, true}});
  EXPECT_EQ(colour_at(drawn(person), 300, 200), (Colour{kGrey, kGrey, kGrey}));
  EXPECT_EQ(colour_at(drawn(person, {.refined = DrawOptions::Refined::show}), 300, 200), kGreen);
}

TEST(Draw, DrawsNothingWhereNothingWasFound) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Person person = person_of({{0, 0, 0, false}, {nan, 5, 0.9f, false}});
  EXPECT_EQ(drawn(person, {.min_score = 0}).pixels, kUntouched.pixels);
}

TEST(Draw, LinesMayLeaveThePicture) {
  const Picture picture = drawn(person_of({{-500.5f, 200.5f, 0.9f, false}, {1e6f, 200.5f, 0.8f, false}}));
  EXPECT_EQ(colour_at(picture, 0, 200), kGreen);
  EXPECT_EQ(colour_at(picture, 399, 200), kGreen);
}

TEST(Draw, FirstPersonLiesOnTop) {
  Picture picture = grey_picture(400, 400);
  const std::vector<Person> people{person_of({{100.5f, 200.5f, 0.9f, false}, {300.5f, 200.5f, 0.8f, false}}),
                                   person_of({{300.5f, 200.5f, 0.9f, false}, {100.5f, 200.5f, 0.8f, false}})};
  draw_people(picture, two_keypoints(), people);
  EXPECT_EQ(colour_at(picture, 100, 200), kRed);
}

TEST(Draw, ThicknessFollowsThePersonsSize) {
  const auto touched = [](float length) {
    const Picture picture = drawn(person_of({{200.5f, 20.5f, 0.9f, false}, {200.5f, 20.5f + length, 0.8f, false}}));
    int count = 0;
    for (int x = 0; x < 400; ++x) count += colour_at(picture, x, 20 + static_cast<int>(length / 2))[1] != kGrey;
    return count;
  };
  EXPECT_GT(touched(360), touched(60));
}

}  // namespace
}  // namespace posecu
