// Drawn people against the geometry that they are drawn from.
#include "data/synth.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "data/mask.h"

namespace posecu {
namespace {

constexpr SynthPreset kPresets[] = {SynthPreset::easy, SynthPreset::varied, SynthPreset::crowd};

struct Drawn {
  SynthPicture picture;
  Scene scene;
  Canvas canvas;
};

Drawn draw(const SynthOptions& options, int index) {
  Canvas canvas(options.width, options.height);
  Scene scene = scene_of(options, "train", index, canvas);
  SynthPicture picture = draw_picture(options, "train", index, canvas);
  return {std::move(picture), std::move(scene), std::move(canvas)};
}

std::vector<std::uint8_t> mask_of(const SynthPerson& person, const SynthOptions& options) {
  Mask mask{options.width, options.height, {}};
  mask.pixels.resize(static_cast<std::size_t>(options.width) * static_cast<std::size_t>(options.height));
  for (const std::vector<int>& polygon : person.outline)
    paint(mask, polygon_runs({polygon.begin(), polygon.end()}, options.height, options.width), 1);
  return mask.pixels;
}

// The nearest of all surfaces at a point of the picture, from every triangle's own plane in double precision.
class Rays {
 public:
  explicit Rays(const Scene& scene) {
    for (const auto& [figure, placement] : scene.people) {
      for (const Surface& surface : figure.surfaces) add(surface, placement);
      for (const Surface& surface : figure.things) add(surface, placement);
    }
    for (const PlacedThing& thing : scene.things)
      for (const Surface& surface : thing.surfaces) add(surface, thing.placement);
  }

  double nearest(double x, double y) const {
    double nearest = -INFINITY;
    for (const auto& [a, b, c] : triangles_) {
      const double area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
      if (area == 0) continue;
      const double u = ((x - a.x) * (c.y - a.y) - (c.x - a.x) * (y - a.y)) / area;
      const double v = ((b.x - a.x) * (y - a.y) - (x - a.x) * (b.y - a.y)) / area;
      if (u < 0 || v < 0 || u + v > 1) continue;
      nearest = std::max(nearest, a.nearness + u * (b.nearness - a.nearness) + v * (c.nearness - a.nearness));
    }
    return nearest;
  }

 private:
  void add(const Surface& surface, const Placement& placement) {
    for (int row = 0; row + 1 < surface.rows; ++row)
      for (int column = 0; column + 1 < surface.columns; ++column) {
        const auto corner = [&](int r, int c) { return see(placement, surface.point(row + r, column + c)); };
        triangles_.push_back({corner(0, 0), corner(0, 1), corner(1, 0)});
        triangles_.push_back({corner(0, 1), corner(1, 1), corner(1, 0)});
      }
  }

  std::vector<std::array<SeenPoint, 3>> triangles_;
};

struct Tally {
  int compared = 0, hidden = 0, unclear = 0;
};

// Where the answer is the same all around the keypoint, the label must say it.
void check_visibility(const Drawn& drawn, const SynthOptions& options, Tally& tally) {
  const Rays rays(drawn.scene);
  for (const SynthPerson& person : drawn.picture.people) {
    if (person.labelled() == 0) continue;
    const auto& [figure, placement] = drawn.scene.people[person.figure];
    for (std::size_t k = 0; k < kBodyPoints; ++k) {
      const BodyPoint& point = figure.points[k];
      const SeenPoint p = see(placement, point.at);
      const SynthKeypoint& label = person.keypoints[k];
      if (p.x < 0 || p.y < 0 || p.x >= options.width || p.y >= options.height) {
        EXPECT_EQ(label.visibility, 0) << "outside of the picture";
        continue;
      }
      int covered = 0;
      for (const auto& [dx, dy] : {std::pair{0.0, 0.0}, {0.5, 0.0}, {-0.5, 0.0}, {0.0, 0.5}, {0.0, -0.5}})
        covered += rays.nearest(p.x + dx, p.y + dy) > p.nearness + point.reach;
      if (covered != 0 && covered != 5) {
        ++tally.unclear;
        continue;
      }
      const bool turned_away = point.of_face && (placement.view * point.outward).z < 0;
      EXPECT_EQ(label.visibility, covered == 0  ? 2
                                  : turned_away ? 0
                                                : 1)
          << "keypoint " << k << " at " << p.x << ' ' << p.y;
      ++tally.compared, tally.hidden += covered != 0;
      if (label.visibility == 0) continue;
      EXPECT_NEAR(label.x, p.x, 0.011);
      EXPECT_NEAR(label.y, p.y, 0.011);
    }
  }
}

TEST(SynthTest, VisibilityIsThatOfRaysThroughEveryTriangle) {
  Tally tally;
  for (const SynthPreset preset : kPresets)
    for (int index = 0; index < 6; ++index) {
      SCOPED_TRACE(testing::Message() << "preset " << static_cast<int>(preset) << ", picture " << index);
      const SynthOptions options{.preset = preset, .seed = 3};
      check_visibility(draw(options, index), options, tally);
    }
  EXPECT_GT(tally.compared, 800);
  EXPECT_GT(tally.hidden, 200);
  EXPECT_LT(tally.unclear, tally.compared / 4);
}

TEST(SynthTest, OutlineAreaAndBoxAreThePixelsOfThePerson) {
  for (const SynthPreset preset : kPresets)
    for (int index = 0; index < 4; ++index) {
      const SynthOptions options{.preset = preset, .seed = 4};
      const Drawn drawn = draw(options, index);
      std::vector<std::uint8_t> taken(static_cast<std::size_t>(options.width * options.height));
      for (const SynthPerson& person : drawn.picture.people) {
        const std::vector<std::uint8_t> mask = mask_of(person, options);
        EXPECT_EQ(std::count(mask.begin(), mask.end(), 1), person.area);
        int left = options.width, top = options.height, right = 0, bottom = 0;
        for (int y = 0; y < options.height; ++y)
          for (int x = 0; x < options.width; ++x) {
            const auto i = static_cast<std::size_t>(y * options.width + x);
            int samples = 0;
            for (const auto& [column, row] : {std::pair{0, 0}, {1, 0}, {0, 1}, {1, 1}})
              samples += drawn.canvas.owner(2 * x + column, 2 * y + row) == person.figure + 1;
            ASSERT_TRUE(mask[i] == 1 ? samples > 0 : samples < 3) << x << ' ' << y;
            if (mask[i] == 0) continue;
            ASSERT_EQ(taken[i]++, 0) << "two people at " << x << ' ' << y;
            left = std::min(left, x), right = std::max(right, x + 1);
            top = std::min(top, y), bottom = std::max(bottom, y + 1);
          }
        EXPECT_EQ(person.box, (std::array{left, top, right - left, bottom - top}));
      }
    }
}

TEST(SynthTest, VisibleKeypointsLieInTheBox) {
  for (const SynthPreset preset : kPresets)
    for (int index = 0; index < 10; ++index) {
      const SynthOptions options{.preset = preset, .seed = 5};
      for (const SynthPerson& person : draw(options, index).picture.people)
        for (std::size_t k = 0; k < 17; ++k) {
          const auto& [x, y, visibility] = person.keypoints[k];
          if (visibility != 2) continue;
          EXPECT_TRUE(x >= person.box[0] - 1 && x <= person.box[0] + person.box[2] + 1) << x;
          EXPECT_TRUE(y >= person.box[1] - 1 && y <= person.box[1] + person.box[3] + 1) << y;
        }
    }
}

// Whoever shows both eyes and the nose looks at us: their left is on our right.
TEST(SynthTest, LeftIsThePersonsOwn) {
  int faces = 0;
  for (int index = 0; index < 30; ++index)
    for (const SynthPerson& person : draw({.preset = SynthPreset::easy, .seed = 6}, index).picture.people) {
      const auto& [nose, left_eye, right_eye, left_ear, right_ear, left_shoulder, right_shoulder, rest0, rest1, rest2,
                   rest3, left_hip, right_hip, rest4, rest5, rest6, rest7, rest8, rest9] = person.keypoints;
      if (nose.visibility != 2 || left_eye.visibility != 2 || right_eye.visibility != 2) continue;
      ++faces;
      EXPECT_GT(left_eye.x, right_eye.x);
    }
  EXPECT_GT(faces, 20);
}

// The share of people whose left shoulder is on our right.
double facing(SynthPreset preset) {
  constexpr int kLeftShoulder = 5, kRightShoulder = 6, kPictures = 60;
  int people = 0, face = 0;
  for (int index = 0; index < kPictures; ++index)
    for (const SynthPerson& person : draw({.preset = preset, .seed = 8}, index).picture.people) {
      const SynthKeypoint &left = person.keypoints[kLeftShoulder], &right = person.keypoints[kRightShoulder];
      if (left.visibility == 0 || right.visibility == 0) continue;
      ++people;
      face += left.x > right.x ? 1 : 0;
    }
  return static_cast<double>(face) / people;
}

TEST(SynthTest, EasyPeopleFaceTheCamera) {
  EXPECT_GT(facing(SynthPreset::easy), 0.98);
  EXPECT_LT(facing(SynthPreset::varied), 0.85);
}

double overlap(const SynthPerson& a, const SynthPerson& b) {
  const int width = std::min(a.box[0] + a.box[2], b.box[0] + b.box[2]) - std::max(a.box[0], b.box[0]);
  const int height = std::min(a.box[1] + a.box[3], b.box[1] + b.box[3]) - std::max(a.box[1], b.box[1]);
  return width > 0 && height > 0 ? width * height : 0;
}

TEST(SynthTest, PresetsKeepTheirPromises) {
  constexpr int kPictures = 40;
  for (int index = 0; index < kPictures; ++index) {
    const auto people = [&](SynthPreset preset) { return draw({.preset = preset, .seed = 7}, index).picture.people; };
    const auto labelled = [](const SynthPerson& person) { return person.labelled() > 0; };

    const std::vector<SynthPerson> easy = people(SynthPreset::easy);
    EXPECT_TRUE(!easy.empty() && easy.size() <= 4) << easy.size();
    for (const SynthPerson& person : easy) {
      EXPECT_GE(person.box[3], 60) << "a quarter of the picture's height";
      EXPECT_TRUE(labelled(person));
    }

    const std::vector<SynthPerson> varied = people(SynthPreset::varied);
    EXPECT_TRUE(!varied.empty() && varied.size() <= 8) << varied.size();
    EXPECT_GE(std::ranges::count_if(varied, labelled), 1);

    const std::vector<SynthPerson> crowd = people(SynthPreset::crowd);
    EXPECT_LE(crowd.size(), 20u);
    EXPECT_GE(std::ranges::count_if(crowd, labelled), 5);
    double shared = 0;
    for (const SynthPerson& a : crowd)
      for (const SynthPerson& b : crowd)
        if (&a != &b) shared += overlap(a, b);
    EXPECT_GT(shared, 0) << "nobody overlaps in picture " << index;
  }
}

TEST(SynthTest, APictureDependsOnItsNameAlone) {
  const SynthOptions options{.width = 96, .height = 128, .seed = 8};
  Canvas canvas(96, 128);
  const SynthPicture first = draw_picture(options, "train", 3, canvas);
  const SynthPicture other = draw_picture(options, "val", 3, canvas);
  EXPECT_NE(first.picture.pixels, other.picture.pixels);
  EXPECT_NE(first.picture.pixels, draw_picture(options, "train", 4, canvas).picture.pixels);
  EXPECT_NE(first.picture.pixels,
            draw_picture({.width = 96, .height = 128, .seed = 9}, "train", 3, canvas).picture.pixels);
  EXPECT_EQ(first.picture.pixels, draw_picture(options, "train", 3, canvas).picture.pixels);
}

TEST(SynthTest, DrawsPicturesOfAnySize) {
  for (const auto& [width, height] : {std::pair{kLeastSynthSide, kLeastSynthSide}, {64, 500}, {701, 67}})
    for (const SynthPreset preset : kPresets) {
      const SynthPicture drawn = draw({.preset = preset, .width = width, .height = height}, 0).picture;
      EXPECT_EQ(drawn.picture.width, width);
      EXPECT_EQ(drawn.picture.height, height);
      EXPECT_GE(drawn.people.size(), preset == SynthPreset::crowd ? 5u : 1u);
    }
}

}  // namespace
}  // namespace posecu
