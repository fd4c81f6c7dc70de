// What the tests of layers share: random tensors of both precisions, comparison with the double references.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/context.h"
#include "core/random.h"
#include "tests/reference/map.h"

namespace posecu {

using reference::Map;
using reference::Values;

// Floats as doubles: kernel and reference see the same numbers, uniform in [-1,1).
inline Values random_values(Random& random, std::size_t n) {
  Values result(n);
  for (double& value : result) value = static_cast<float>(random.uniform(-1, 1));
  return result;
}

inline Map random_map(Random& random, int n, int h, int w, int c) {
  Map result(n, h, w, c);
  result.values = random_values(random, result.values.size());
  return result;
}

inline void fill(View<float> to, const Values& values) {
  ASSERT_EQ(to.elements(), values.size());
  std::ranges::transform(values, to.begin(), [](double value) { return static_cast<float>(value); });
}

inline Tensor<float> tensor_of(Context& context, const Map& map) {
  auto result = context.tensor<float>({map.n, map.h, map.w, map.c});
  fill(result, map.values);
  return result;
}

// `tolerance` is relative to the largest expected value, but at least to `least`. `added` is what was there before.
struct Comparison {
  double tolerance, least = 1e-30, added = 0;
};
inline void expect_values(View<const float> found, const Values& expected, const Comparison& how,
                          const std::string& name) {
  ASSERT_EQ(found.elements(), expected.size()) << name;
  double largest = std::max(how.least, std::abs(how.added));
  for (const double value : expected) largest = std::max(largest, std::abs(value + how.added));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(found.data()[i], expected[i] + how.added, how.tolerance * largest) << name << '[' << i << ']';
  }
}

// Everything that the next tensors will be made of holds NaN: what a layer leaves unwritten is seen.
inline void fill_memory_with_nan(Context& context, int megabytes = 1) {
  auto all = context.tensor<float>({megabytes << 18});
  std::ranges::fill(all.view(), std::numeric_limits<float>::quiet_NaN());
}

}  // namespace posecu
