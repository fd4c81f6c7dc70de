// Sizes from files at the borders of their types: 71 values in each helper, compared with 128-bit arithmetic.
#include "core/checked_size.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <vector>

namespace posecu {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

// 0, 1 and the neighbours of the powers of two at which 8 to 64 bits end: 71 values.
std::vector<std::uint64_t> borders() {
  std::set<std::uint64_t> values{0, 1, 2, 3, 5, 7, kMax, kMax - 1, kMax - 2, kMax / 3, kMax / 3 + 1};
  for (const int bits : {7, 8, 15, 16, 24, 30, 31, 32, 33, 47, 48, 53, 61, 62, 63}) {
    const std::uint64_t power = std::uint64_t{1} << bits;
    values.insert({power - 1, power, power + 1, power + 2});
  }
  return {values.begin(), values.end()};
}

std::optional<std::uint64_t> narrow(Wide value) {
  return value > kMax ? std::nullopt : std::optional(static_cast<std::uint64_t>(value));
}

TEST(CheckedSizeTest, SumsAndProductsAreRightOrRefused) {
  ASSERT_GE(borders().size(), 64U);
  for (const std::uint64_t a : borders())
    for (const std::uint64_t b : borders()) {
      ASSERT_EQ(checked_add(a, b), narrow(Wide{a} + b)) << a << ' ' << b;
      ASSERT_EQ(checked_multiply(a, b), narrow(Wide{a} * b)) << a << ' ' << b;
    }
}

TEST(CheckedSizeTest, RoundingUpIsRightOrRefused) {
  for (const std::uint64_t a : borders())
    for (const std::uint64_t b : borders()) {
      const auto expected = b == 0 ? std::nullopt : narrow((Wide{a} + b - 1) / b * b);
      ASSERT_EQ(checked_round_up(a, b), expected) << a << ' ' << b;
    }
}

TEST(CheckedSizeTest, ARangeFitsOnlyWhereItsEndDoes) {
  for (const std::uint64_t begin : borders())
    for (const std::uint64_t length : borders())
      for (const std::uint64_t total : borders()) {
        ASSERT_EQ(range_fits(begin, length, total), Wide{begin} + length <= total);
      }
}

TEST(CheckedSizeTest, ElementsAreRightOrRefused) {
  for (const std::uint64_t a : borders())
    for (const std::uint64_t b : borders()) {
      const std::vector<std::int64_t> shape{static_cast<std::int64_t>(a), static_cast<std::int64_t>(b), 3};
      const bool valid = a <= std::uint64_t{1} << 31 && b <= std::uint64_t{1} << 31;
      ASSERT_EQ(checked_elements(shape), valid ? narrow(Wide{a} * b * 3) : std::nullopt) << a << ' ' << b;
    }
  EXPECT_EQ(checked_elements({}), 1U);
  const std::vector<std::int64_t> largest(3, kMaxAxis), nine(9, 1), zero_and_huge{0, kMaxAxis, kMaxAxis, kMaxAxis};
  EXPECT_EQ(checked_elements(largest), std::nullopt);
  EXPECT_EQ(checked_elements(nine), std::nullopt);
  EXPECT_EQ(checked_elements(zero_and_huge), 0U);
}

TEST(CheckedSizeTest, ExtentsAreRightOrRefused) {
  for (const std::uint64_t offset : borders())
    for (const std::uint64_t size : borders())
      for (const std::uint64_t stride : borders()) {
        const std::vector<std::int64_t> shape{static_cast<std::int64_t>(size)},
            strides{static_cast<std::int64_t>(stride)};
        std::optional<std::uint64_t> expected;
        if (size <= std::uint64_t{1} << 31 && stride <= kMax / 2) {
          expected = size == 0 ? 0 : narrow(Wide{offset} + Wide{size - 1} * stride + 1);
        }
        ASSERT_EQ(checked_extent(offset, shape, strides), expected) << offset << ' ' << size << ' ' << stride;
      }
  const std::vector<std::int64_t> two{2, 3}, one{1};
  EXPECT_EQ(checked_extent(0, two, one), std::nullopt);
  EXPECT_EQ(checked_extent(7, {}, {}), 8U);
}

}  // namespace
}  // namespace posecu
