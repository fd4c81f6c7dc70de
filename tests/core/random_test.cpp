#include "core/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace posecu {
namespace {

TEST(RandomTest, DependsOnEveryPartOfItsKey) {
  std::set<std::uint32_t> draws;
  for (std::uint64_t seed : {0U, 1U}) {
    for (std::uint64_t epoch : {0U, 1U}) {
      for (std::uint64_t sample : {0U, 1U}) {
        for (const auto purpose : {RandomPurpose::weights, RandomPurpose::shuffle}) {
          draws.insert(Random(seed, epoch, sample, purpose).bits());
        }
      }
    }
  }
  EXPECT_EQ(draws.size(), 16U);
  EXPECT_EQ(Random(3, 4, 5, RandomPurpose::test).bits(), Random(3, 4, 5, RandomPurpose::test).bits());
}

TEST(RandomTest, UniformHasItsMomentsAndRange) {
  Random random(1, 2, 3, RandomPurpose::test);
  constexpr int kDraws = 100000;
  double sum = 0, square = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = random.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u, square += u * u;
  }
  // Five standard errors of the mean of u (0.289/sqrt(n)) and of u^2 (0.298/sqrt(n)).
  EXPECT_NEAR(sum / kDraws, 1.0 / 2, 5 * 0.289 / std::sqrt(kDraws));
  EXPECT_NEAR(square / kDraws, 1.0 / 3, 5 * 0.298 / std::sqrt(kDraws));
}

TEST(RandomTest, NormalHasItsMoments) {
  Random random(5, 0, 0, RandomPurpose::test);
  constexpr int kDraws = 100000;
  double sum = 0, square = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    sum += x, square += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 5 / std::sqrt(kDraws));
  EXPECT_NEAR(square / kDraws, 1, 5 * std::sqrt(2.0 / kDraws));
}

TEST(RandomTest, BelowReachesEveryNumberEquallyOften) {
  Random random(9, 0, 0, RandomPurpose::test);
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts.at(static_cast<std::size_t>(random.below(7)));
  for (const int count : counts) EXPECT_NEAR(count, 10000, 5 * std::sqrt(10000 * 6.0 / 7));
  EXPECT_EQ(random.below(1), 0);
  EXPECT_THROW(random.below(0), std::logic_error);
}

}  // namespace
}  // namespace posecu
