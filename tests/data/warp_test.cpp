#include "data/warp.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "data/augment.h"
#include "data/test_resize.h"
#include "tests/data/synthetic_set.h"
#include "tests/reference/warp_affine.h"

namespace posecu {
namespace {

TEST(WarpTest, DrawnMapsWarpAsTheReference) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed, 0, 0, RandomPurpose::test);
    const Picture picture = noise_picture(1 + random.below(90), 1 + random.below(90), seed);
    const Augmentation drawn = draw_augmentation({}, picture.width, picture.height, random);
    const Affine map = sample_map(drawn, picture.width, picture.height, 32);
    const Picture warped = warp(picture, map, 32, 32);
    EXPECT_EQ(warped.pixels, reference::warp_affine(reference::places(map.m, 32, 32), picture.pixels, picture.width,
                                                    picture.height, 3));
  }
}

TEST(WarpTest, ADegenerateMapWarpsAsTheReference) {
  const Picture picture = noise_picture(9, 8, 1);
  const Affine flat{{1, 2, 3, 2, 4, 6}};
  EXPECT_EQ(warp(picture, flat, 8, 8).pixels,
            reference::warp_affine(reference::places(flat.m, 8, 8), picture.pixels, 9, 8, 3));
}

TEST(WarpTest, FarAwayPlacesAreBlack) {
  const Picture picture = noise_picture(9, 8, 1);
  for (const double far : {1e6, -1e9, 1e18, -1e300})
    EXPECT_EQ(warp(picture, {{1, 0, far, 0, 1, -far}}, 4, 4).pixels, std::vector<std::uint8_t>(48, 0));
}

TEST(WarpTest, MasksAreOneWhereTheWarpedValueIs128OrMore) {
  Mask mask{8, 1, {255, 255, 255, 255, 0, 0, 0, 0}};
  const auto shifted = [&](double by, Mirror mirror) {
    return warp_mask(mask_bits(mask), warp_places({{1, 0, by, 0, 1, 0}}, 8, 1), mirror);
  };
  EXPECT_EQ(shifted(0, Mirror::no), (std::vector<std::uint8_t>{1, 1, 1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(shifted(0, Mirror::yes), (std::vector<std::uint8_t>{0, 0, 0, 0, 1, 1, 1, 1}));
  EXPECT_EQ(shifted(0.5, Mirror::no), (std::vector<std::uint8_t>{1, 1, 1, 1, 1, 0, 0, 0}))
      << "half of 255 rounds to 128";
  EXPECT_EQ(shifted(0.46, Mirror::no), (std::vector<std::uint8_t>{1, 1, 1, 1, 0, 0, 0, 0}));
}

TEST(WarpTest, AMaskOf127IsOut) {
  // One white pixel seen with weight 30/32 * 17/32 gives 127, with 30/32 * 18/32 gives 134.
  const MaskBits mask{1, 1, {}};
  EXPECT_EQ(warp_mask(mask, warp_places({{1, 0, -2 / 32., 0, 1, -15 / 32.}}, 1, 1), Mirror::no)[0], 0);
  EXPECT_EQ(warp_mask(mask, warp_places({{1, 0, -2 / 32., 0, 1, -14 / 32.}}, 1, 1), Mirror::no)[0], 1);
}

TEST(WarpTest, NormalisationIsTheFormulasWithinOneRoundingOfFloat) {
  std::vector<std::uint8_t> bytes;
  for (int value = 0; value < 256; ++value) bytes.insert(bytes.end(), 3, static_cast<std::uint8_t>(value));
  const std::vector<double> expected = reference::normalise(bytes);
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(normalisation_table()[i], expected[i], 1e-6);
}

TEST(AffineTest, RoundsPairsToFloat) {
  // 1/3 and 1/7 are no floats: a compiler that drops the rounding of the points gives another matrix.
  const Affine map = official_map({1 / 3.0, 1 / 7.0}, 10, 0, 20, 20);
  const Point moved =
      map({static_cast<double>(static_cast<float>(1 / 3.0)), static_cast<double>(static_cast<float>(1 / 7.0))});
  EXPECT_NEAR(moved.x, 10, 1e-13);
  EXPECT_NEAR(moved.y, 10, 1e-13);
}

TEST(AffineTest, PointsComeOutWhereTheyAreSent) {
  const std::array<Point, 3> from{{{1, 2}, {30, -4}, {5, 60}}}, to{{{-3, 7}, {0.5, 0.25}, {100, 200}}};
  const Affine map = affine_from_points(from, to), back = inverse(map);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(map(from[i]).x, to[i].x, 1e-11);
    EXPECT_NEAR(map(from[i]).y, to[i].y, 1e-11);
    EXPECT_NEAR(back(to[i]).x, from[i].x, 1e-11);
    EXPECT_NEAR(back(to[i]).y, from[i].y, 1e-11);
  }
}

TEST(TestResizeTest, RefusesAPictureThatIsTooNarrow) {
  EXPECT_THROW(test_geometry(16384, 1, 512, "a.png"), InputError);
  EXPECT_NO_THROW(test_geometry(2000, 31, 512, "a.png"));
}

TEST(AugmentTest, DrawsStayInTheirRanges) {
  const AugmentOptions options;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Random random(seed, 0, 0, RandomPurpose::augmentation);
    const Augmentation drawn = draw_augmentation(options, 640, 480, random);
    EXPECT_TRUE(drawn.scale >= 0.75 && drawn.scale < 1.5);
    EXPECT_TRUE(drawn.rotation_deg >= -30 && drawn.rotation_deg < 30);
    const auto ranges = translation_ranges(options, drawn.scale, 640, 480);
    EXPECT_TRUE(drawn.dx >= ranges[0].least && drawn.dx < ranges[0].limit);
    EXPECT_TRUE(drawn.dy >= ranges[1].least && drawn.dy < ranges[1].limit);
  }
}

TEST(AugmentTest, NothingIsDrawnWhereRangesAreEmpty) {
  const AugmentOptions off{{1.5, 1.5}, 0, 0, 0};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed, 0, 0, RandomPurpose::augmentation);
    const Augmentation drawn = draw_augmentation(off, 3, 3, random);
    EXPECT_EQ(drawn.scale, 1.5);
    EXPECT_EQ(drawn.rotation_deg, 0);
    EXPECT_EQ(drawn.dx, 0);
    EXPECT_EQ(drawn.dy, 0);
    EXPECT_EQ(drawn.mirror, Mirror::no);
  }
}

TEST(AugmentTest, CrowdsWithoutKeypointsAreMaskedButNoPeople) {
  PictureLabel label;
  Annotation person, crowd, unlabelled;
  person.num_keypoints = 3;
  crowd.iscrowd = true;
  crowd.segmentation.runs = {2, 3, {2, 2, 2}};
  unlabelled.segmentation.polygons = {{0, 0, 1, 0, 1, 2, 0, 2}};
  label.annotations = {person, crowd, unlabelled};
  EXPECT_EQ(training_people(label).size(), 2u);
  EXPECT_EQ(training_mask(label, 3, 2, "a.json").pixels, (std::vector<std::uint8_t>{0, 0, 255, 0, 0, 255}));
  EXPECT_THROW(training_mask(label, 2, 3, "a.json"), InputError);
}

TEST(AugmentTest, CrowdsWithKeypointsAreMaskedAndPeople) {
  PictureLabel label;
  label.annotations.resize(1);
  label.annotations[0].iscrowd = true;
  label.annotations[0].num_keypoints = 2;
  label.annotations[0].segmentation.runs = {1, 2, {1, 1}};
  EXPECT_EQ(training_people(label).size(), 1u);
  EXPECT_EQ(training_mask(label, 2, 1, "a.json").pixels, (std::vector<std::uint8_t>{255, 0}));
}

TEST(AugmentTest, MirroringSwapsLeftAndRight) {
  Annotation person;
  for (int k = 0; k < 17; ++k) person.keypoints.insert(person.keypoints.end(), {k + 0.5, 2.0 * k, k % 3 + 0.0});
  const std::vector<const Annotation*> people{&person};
  const std::vector<float> plain = warp_keypoints(people, coco_skeleton(), {}, 64, Mirror::no);
  const std::vector<float> mirrored = warp_keypoints(people, coco_skeleton(), {}, 64, Mirror::yes);
  for (std::size_t k = 0; k < 17; ++k) {
    const auto partner = static_cast<std::size_t>(coco_skeleton().flip[k]);
    EXPECT_EQ(mirrored[3 * k], 63 - plain[3 * partner]);
    EXPECT_EQ(mirrored[3 * k + 1], plain[3 * partner + 1]);
    EXPECT_EQ(mirrored[3 * k + 2], plain[3 * partner + 2]);
  }
}

}  // namespace
}  // namespace posecu
