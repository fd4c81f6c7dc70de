#include "data/mask.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "core/random.h"

namespace posecu {
namespace {

using Counts = std::vector<std::uint32_t>;

std::string drawn(const Mask& mask) {
  std::string text;
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x)
      text += mask.pixels[static_cast<std::size_t>(y * mask.width + x)] > 0 ? '#' : '.';
    text += '\n';
  }
  return text;
}

Mask empty_mask(int width, int height) {
  return {width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height), 0)};
}

std::string drawn_polygon(const std::vector<double>& polygon, int width, int height) {
  Mask mask = empty_mask(width, height);
  paint(mask, polygon_runs(polygon, height, width), 1);
  return drawn(mask);
}

TEST(MaskTest, APolygonAlongPixelBordersHoldsThePixelsBetween) {
  EXPECT_EQ(drawn_polygon({1, 1, 4, 1, 4, 3, 1, 3}, 6, 4),
            "......\n"
            ".###..\n"
            ".###..\n"
            "......\n");
}

TEST(MaskTest, TheDirectionOfAPolygonDoesNotMatter) {
  const std::vector<double> there{0.3, 5.1, 7.9, 0.2, 9.6, 8.7, 3.3, 6.4};
  const std::vector<double> back{3.3, 6.4, 9.6, 8.7, 7.9, 0.2, 0.3, 5.1};
  EXPECT_EQ(drawn_polygon(there, 10, 10), drawn_polygon(back, 10, 10));
}

TEST(MaskTest, ATriangleGrowsByRows) {
  EXPECT_EQ(drawn_polygon({0, 0, 5, 5, 0, 5}, 6, 6),
            "#.....\n"
            "##....\n"
            "###...\n"
            "####..\n"
            "#####.\n"
            "......\n");
}

TEST(MaskTest, APolygonIsCutAtThePicture) {
  EXPECT_EQ(drawn_polygon({-50, -50, 50, -50, 50, 50, -50, 50}, 3, 2), "###\n###\n");
  EXPECT_EQ(drawn_polygon({10, 10, 20, 10, 20, 20}, 3, 2), "...\n...\n");
}

struct OfficialPolygon {
  int height, width;
  std::vector<double> polygon;
  std::string counts;  // of pycocotools.mask.frPyObjects([polygon], height, width)[0], version 2.0.11
};

const std::vector<OfficialPolygon> kOfficialPolygons = {
    {17, 23, {6.39, 1.37, 15.88, -0.9, 12.54, 7.6, -1.32, 11.72, -1.91, 9.58}, R"(74<1O1O001O1O0100000O010000M3NZ4)"},
    {17, 23, {-0.97, -0.37, 9.31, 20.98, 0.59, 3.47, 15.2, 24.48, 13.74, 8.5}, R"(11`02O1N101O0O2O0O2O000O01O008Hh3)"},
    {20, 20, {5.0, -1.0, 15.0, 2.0, 7.0, 11.0, 2.0, 15.0, 1.0, 16.0, 7.0, 15.0}, R"(S11c00O1O0D140L<0K5O1O2N1O1O2Ng3)"},
    {20,
     20,
     {19.0, 3.0, 1.0, 16.0, 16.0, 18.0, 4.0, 9.0, 1.0, 15.0, 20.0, 0.0},
     R"(R11a01@O=2CO<1D0=ND3=1NLD4;ME3:MH27NK15NM120N10O20M05OJ1=0O0000O2)"},
    {33, 9, {33, 0, 33, 4.5, -0.3, 32.7, 15, -0.1, 9, -0.3, 33, -0.3, 9, 8.9}, R"(o01n01O1O2N1N2O1O1O1C)"},
    {33,
     9,
     {4.5, 0.3, 2.5, 4.5, 0.1, 33, 8.9, 15, -0.3, 9, 2.5, -0.3, 8.9, 33},
     R"(72d01@445KJ2;3@O>1JJ3>JB1f0J93SOOc0NF0F)"},
    {64,
     48,
     {62.7, 7.6, 26.8, 48.5, 9.7, 31.3, 2.5, 42.8, 48.9, 36.7, 56.0, 20.1, 44.5, 38.0, 37.1, 29.2, 53.8, 60.5},
     R"(Y72m11N101N2N2O1001O1O1N2O1O1O1O1OP21oM1O1O1O1O1O1O0O01N2O1O1O1O1Oo10jM0_N1c1OZN2g1NWN3l1OMOYNOf13ZNMc1;MM^NL_14aNO\11eN1X1NjN4;)"},
    {64,
     48,
     {30.3, 42.5, 3.9, 44.9, 41.4, 63.6, 52.6, 18.2, 24.7, 42.8, 1.4, 29.5, 10.8, 7.5, 3.8, 49.2, 8.3, 15.8},
     R"(m21m12N3L3fNHj0;nNF1On0:oNF90e06TOO7Lb01WO:6Ea02VO=8C>MA`00Cj0<VOEk0:TOFm09SOHm08ROHo07QOJP15oNKR15mNLS13mNMT13kNNU11jN0X1OgN2Y1MgN3Z1MeN4[182AcN8]1FdN:]1DdN=[1CeN=[1DdN=Z15O2N1O2N1O2N1O2O0O2N1O1OM3M3M3M4L3M]O)"},
    {5,
     300,
     {115.1, 5.8, 15.8, 2.0, 165.8, 6.0, 252.2, 5.8},
     R"(c414000000000U30kL0000000000000000000000000000000^10bN0000000000000000000000000000000000000000000000000000000bm0)"},
    {5,
     300,
     {79.1, 1.7, 104.8, 6.0, 296.5, -0.6, 46.4, 0.1},
     R"(Y814000000000000000000000000000000000000001O000000000000000000001O00000000001O0000000000^80bG000000000000000000000000000000000000000000000000000000000O10000000000000000000000000000000000000000000000000000000000O10000000000000000000000000000000000000000000000000000000000O1000000000000000000000000000000000000000000000000000000000f4)"},
    {40, 40, {9.333, 19.399, 23.565, 10.51, 0.164, 16.758}, R"(h11W1001O0O101O000O1000O1O010O10O01O100O0010Uf0)"},
    {40, 40, {14.77, 22.654, 38.124, 27.62, 20.62, 24.704}, R"(oe01W10Y10gN00000Y10gN000i30WL0n7)"},
};

TEST(MaskTest, PolygonsAndCompressedCountsAreThoseOfPycocotools) {
  for (const OfficialPolygon& official : kOfficialPolygons)
    EXPECT_EQ(polygon_runs(official.polygon, official.height, official.width).counts,
              parse_compressed_counts(official.counts))
        << official.counts;
}

// Independent of the run lengths: a pixel is inside if its middle is, by the crossing rule. Holds for polygons whose
// edges keep away from middles by more than the grid of fifths resolves.
bool inside(const std::vector<double>& polygon, double x, double y) {
  bool result = false;
  const std::size_t n = polygon.size() / 2;
  for (std::size_t i = 0, j = n - 1; i < n; j = i++) {
    const double xi = polygon[2 * i], yi = polygon[2 * i + 1], xj = polygon[2 * j], yj = polygon[2 * j + 1];
    if ((xi > x) != (xj > x) && y < (yj - yi) * (x - xi) / (xj - xi) + yi) result = !result;
  }
  return result;
}

double distance_to_outline(const std::vector<double>& polygon, double x, double y) {
  double least = std::numeric_limits<double>::infinity();
  const std::size_t n = polygon.size() / 2;
  for (std::size_t i = 0, j = n - 1; i < n; j = i++) {
    const double ax = polygon[2 * j], ay = polygon[2 * j + 1], bx = polygon[2 * i] - ax, by = polygon[2 * i + 1] - ay;
    const double t = std::clamp(((x - ax) * bx + (y - ay) * by) / (bx * bx + by * by), 0.0, 1.0);
    least = std::min(least, std::hypot(x - ax - t * bx, y - ay - t * by));
  }
  return least;
}

TEST(MaskTest, RandomPolygonsHoldThePixelsWhoseMiddlesTheyHold) {
  int compared = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed, 0, 0, RandomPurpose::test);
    std::vector<double> polygon;
    const int coordinates = 2 * (3 + random.below(6));
    for (int i = 0; i < coordinates; ++i) polygon.push_back(random.uniform(-5, 25));
    Mask mask = empty_mask(20, 17);
    paint(mask, polygon_runs(polygon, mask.height, mask.width), 1);
    for (int y = 0; y < mask.height; ++y)
      for (int x = 0; x < mask.width; ++x) {
        if (distance_to_outline(polygon, x + .5, y + .5) < 0.35) continue;
        EXPECT_EQ(mask.pixels[static_cast<std::size_t>(y * mask.width + x)] > 0, inside(polygon, x + .5, y + .5))
            << "seed " << seed << " at " << x << "," << y;
        ++compared;
      }
  }
  EXPECT_GT(compared, 20000);
}

TEST(MaskTest, RunLengthsGoDownTheColumns) {
  Mask mask = empty_mask(3, 4);
  paint(mask, RunLengths{4, 3, {1, 2, 3, 4, 2}}, 1);
  EXPECT_EQ(drawn(mask),
            "..#\n"
            "#.#\n"
            "##.\n"
            ".#.\n");
}

TEST(MaskTest, ReadsCompressedCounts) {
  EXPECT_EQ(parse_compressed_counts("06"), (Counts{0, 6}));
  EXPECT_EQ(parse_compressed_counts("P1"), (Counts{32}));
  // The fourth count is stored as the difference to the second one.
  EXPECT_EQ(parse_compressed_counts("1231"), (Counts{1, 2, 3, 3}));
  EXPECT_EQ(parse_compressed_counts("123O"), (Counts{1, 2, 3, 1}));
  EXPECT_EQ(parse_compressed_counts(""), Counts{});
}

TEST(MaskTest, RefusesCompressedCountsThatMakeNoSense) {
  for (const char* text : {"P", "123M", "12 3", "\x7f", "PPPPPPPPPP1", "O"})
    EXPECT_THROW(parse_compressed_counts(text), std::invalid_argument) << text;
}

TEST(MaskTest, RefusesRunLengthsOfAnotherSize) {
  EXPECT_THROW(check_runs({4, 3, {11}}), std::invalid_argument);
  EXPECT_THROW(check_runs({4, 3, {6, 7}}), std::invalid_argument);
  EXPECT_THROW(check_runs({-4, -3, {12}}), std::invalid_argument);
  EXPECT_THROW(check_runs({0, 3, {}}), std::invalid_argument);
  EXPECT_THROW(check_runs({65536, 65536, {0}}), std::invalid_argument);
  Mask mask = empty_mask(3, 4);
  EXPECT_THROW(paint(mask, RunLengths{3, 4, {12}}, 1), std::invalid_argument);
}

TEST(MaskTest, RefusesPolygonsThatAreNone) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(check_polygon({}), std::invalid_argument);
  EXPECT_THROW(check_polygon({1, 2, 3, 4}), std::invalid_argument);
  EXPECT_THROW(check_polygon({1, 2, 3, 4, 5}), std::invalid_argument);
  EXPECT_THROW(check_polygon({1, 2, 3, 4, 5, nan}), std::invalid_argument);
  EXPECT_THROW(check_polygon({1, 2, 3, 4, 5, 1e300}), std::invalid_argument);
  EXPECT_THROW(check_polygon(std::vector<double>(1'000'002, 1)), std::invalid_argument);
  std::vector<double> endless;
  for (int i = 0; i < 1000; ++i) endless.insert(endless.end(), {i % 2 == 0 ? -99999. : 99999., 0});
  EXPECT_THROW(check_polygon(endless), std::invalid_argument);
}

}  // namespace
}  // namespace posecu
