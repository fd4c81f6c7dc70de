// Outlines give back exactly the mask they were made from, by pycocotools' rules for polygons.
#include "data/outline.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"

namespace posecu {
namespace {

Mask noise_mask(int width, int height, double density, std::uint64_t seed) {
  Random random(seed, 0, 0, RandomPurpose::test);
  Mask mask{width, height, {}};
  for (int i = 0; i < width * height; ++i) mask.pixels.push_back(random.uniform() < density);
  return mask;
}

Mask from_text(const std::vector<std::string>& rows) {
  Mask mask{static_cast<int>(rows.front().size()), static_cast<int>(rows.size()), {}};
  for (const std::string& row : rows)
    for (const char c : row) mask.pixels.push_back(c == '#');
  return mask;
}

std::vector<double> as_numbers(const std::vector<int>& polygon) { return {polygon.begin(), polygon.end()}; }

Mask painted(const std::vector<std::vector<int>>& polygons, int width, int height) {
  Mask mask{width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height))};
  for (const std::vector<int>& polygon : polygons) paint(mask, polygon_runs(as_numbers(polygon), height, width), 1);
  return mask;
}

// Shoelace formula.
double area(const std::vector<int>& p) {
  double twice = 0;
  for (std::size_t i = 0; i < p.size(); i += 2) {
    const std::size_t next = (i + 2) % p.size();
    twice += static_cast<double>(p[i]) * p[next + 1] - static_cast<double>(p[next]) * p[i + 1];
  }
  return std::abs(twice) / 2;
}

void expect_given_back(const Mask& mask) {
  const std::vector<std::vector<int>> polygons = outline(mask);
  EXPECT_EQ(painted(polygons, mask.width, mask.height).pixels, mask.pixels);
  double sum = 0;
  for (const std::vector<int>& polygon : polygons) sum += area(polygon);
  EXPECT_EQ(sum, static_cast<double>(std::count(mask.pixels.begin(), mask.pixels.end(), 1)));
}

TEST(OutlineTest, ARectangleHasFourCorners) {
  EXPECT_EQ(outline(from_text({".....", ".###.", ".###."})), (std::vector<std::vector<int>>{{1, 1, 4, 1, 4, 3, 1, 3}}));
}

TEST(OutlineTest, AHoleIsJoinedByACut) {
  const Mask mask = from_text({"###", "#.#", "###"});
  EXPECT_EQ(outline(mask).size(), 1u);
  expect_given_back(mask);
}

TEST(OutlineTest, PixelsThatShareACornerAreApart) { EXPECT_EQ(outline(from_text({"#.", ".#"})).size(), 2u); }

TEST(OutlineTest, HolesBelowHolesAndIslandsInThemComeBack) {
  expect_given_back(from_text({"#######", "#.#...#", "###.#.#", "#.#...#", "#######", "#..#..#", "#######"}));
}

TEST(OutlineTest, RandomMasksComeBack) {
  int seed = 0;
  for (const double density : {0.1, 0.4, 0.6, 0.9, 1.0})
    for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {13, 1}, {7, 7}, {40, 31}, {64, 64}}) {
      SCOPED_TRACE(testing::Message() << width << " x " << height << ", density " << density);
      expect_given_back(noise_mask(width, height, density, static_cast<std::uint64_t>(++seed)));
    }
}

TEST(OutlineTest, NothingHasNoOutline) { EXPECT_TRUE(outline(from_text({"..", ".."})).empty()); }

}  // namespace
}  // namespace posecu
