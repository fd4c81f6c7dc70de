#include "data/skeleton.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace posecu {
namespace {

TEST(SkeletonTest, TheBuiltInOnesAreConsistent) {
  for (const char* name : {"coco", "crowdpose", "ochuman"}) {
    const Skeleton& skeleton = skeleton_by_name(name);
    EXPECT_EQ(skeleton.name, name);
    EXPECT_NO_THROW(check_skeleton(skeleton, name));
    EXPECT_FALSE(skeleton.edges.empty());
  }
}

TEST(SkeletonTest, FlipPairsAndGroupingOrderAreTheOfficialOnes) {
  EXPECT_EQ(coco_skeleton().flip, (std::vector{0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15}));
  EXPECT_EQ(crowdpose_skeleton().flip, (std::vector{1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 12, 13}));
  EXPECT_EQ(crowdpose_skeleton().grouping_order, (std::vector{13, 12, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(coco_skeleton().grouping_order.front(), 0);
  EXPECT_EQ(ochuman_skeleton().sigmas, coco_skeleton().sigmas);
}

TEST(SkeletonTest, MirroredEdgesAreEdges) {
  for (const char* name : {"coco", "crowdpose"}) {
    const Skeleton& skeleton = skeleton_by_name(name);
    for (const auto& [a, b] : skeleton.edges) {
      const int x = skeleton.flip[static_cast<std::size_t>(a)], y = skeleton.flip[static_cast<std::size_t>(b)];
      bool found = false;
      for (const auto& [c, d] : skeleton.edges) found = found || (c == x && d == y) || (c == y && d == x);
      EXPECT_TRUE(found) << name << ": " << a << "-" << b << " has no mirrored edge";
    }
  }
}

TEST(SkeletonTest, RefusesAnUnknownName) { EXPECT_THROW(skeleton_by_name("cocoo"), UsageError); }

TEST(SkeletonTest, RefusesWhatDoesNotFitTogether) {
  const auto refused = [](auto change) {
    Skeleton skeleton = coco_skeleton();
    change(skeleton);
    EXPECT_THROW(check_skeleton(skeleton, "custom.toml"), InputError);
  };
  refused([](Skeleton& s) { s.keypoints.clear(); });
  refused([](Skeleton& s) { s.flip.pop_back(); });
  refused([](Skeleton& s) { s.flip[0] = 1; });
  refused([](Skeleton& s) { s.flip[0] = 17; });
  refused([](Skeleton& s) { std::swap(s.flip[0], s.flip[1]); });
  refused([](Skeleton& s) { s.sigmas[3] = 0; });
  refused([](Skeleton& s) { s.sigmas.push_back(.1); });
  refused([](Skeleton& s) { s.grouping_order[3] = 4; });
  refused([](Skeleton& s) { s.colours.clear(); });
  refused([](Skeleton& s) { s.edges.emplace_back(0, 17); });
  refused([](Skeleton& s) { s.edges.emplace_back(-1, 1); });
}

}  // namespace
}  // namespace posecu
