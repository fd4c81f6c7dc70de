#include "pose/munkres.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <string>

#include "tests/support/generator.h"

namespace posecu {
namespace {

std::vector<float> floats(const std::string& name, int n) {
  std::vector<float> values;
  for (const double value : golden_uniforms(name, static_cast<std::size_t>(n)))
    values.push_back(static_cast<float>(value));
  return values;
}

struct Solved {
  int rows, columns;
  std::vector<int> assignment;
};

// Costs as grouping makes them, 0 or 1 less the row's value, or 1e5: full of ties. What munkres 1.1.4 (Python 3.11,
// numpy 2.4.6, float32) answered to the same numbers, in the order of this list.
const std::vector<Solved> kSolved = {
    {1, 1, {0}},
    {2, 2, {0, 1}},
    {3, 3, {0, 1, 2}},
    {3, 5, {0, 4, 1}},
    {5, 5, {0, 1, 3, 4, 2}},
    {4, 9, {0, 8, 3, 6}},
    {8, 8, {5, 3, 2, 1, 7, 0, 4, 6}},
    {7, 12, {2, 1, 4, 0, 3, 5, 6}},
    {12, 12, {4, 11, 1, 7, 2, 5, 3, 6, 0, 8, 10, 9}},
    {13, 20, {2, 5, 10, 3, 6, 4, 7, 11, 1, 8, 12, 16, 18}},
    {30, 30, {6,  1,  3,  2,  0,  13, 4,  5,  7,  8,  27, 11, 10, 9,  14,
              15, 12, 18, 21, 19, 17, 26, 22, 25, 24, 20, 16, 23, 29, 28}},
    {30, 38, {3,  7, 0,  1,  8,  4,  5,  18, 2,  9,  10, 12, 15, 16, 13,
              17, 6, 27, 21, 11, 14, 23, 20, 31, 29, 26, 22, 25, 30, 36}},
};

TEST(Munkres, BreaksTiesAsThePackageDoes) {
  for (std::size_t i = 0; i < kSolved.size(); ++i) {
    const auto& [rows, columns, expected] = kSolved[i];
    std::vector<float> costs = floats("munkres/" + std::to_string(i), rows * columns);
    const std::vector<float> values = floats("munkres/values/" + std::to_string(i), rows);
    for (std::size_t at = 0; at < costs.size(); ++at) {
      const float step = std::floor(costs[at] * 3);
      costs[at] = step < 2 ? step - values[at / static_cast<std::size_t>(columns)] : 1e5f;
    }
    EXPECT_EQ(munkres_assignment(costs, rows, columns), expected) << "case " << i;
  }
}

double cost_of(const std::vector<float>& costs, int columns, const std::vector<int>& assignment) {
  double total = 0;
  for (std::size_t row = 0; row < assignment.size(); ++row)
    total +=
        static_cast<double>(costs[row * static_cast<std::size_t>(columns) + static_cast<std::size_t>(assignment[row])]);
  return total;
}

// The cheapest of all ways to give each row a column of its own.
double least_cost(const std::vector<float>& costs, int rows, int columns) {
  std::vector<int> order(static_cast<std::size_t>(columns));
  std::iota(order.begin(), order.end(), 0);
  double least = std::numeric_limits<double>::infinity();
  do {
    least = std::min(least, cost_of(costs, columns, {order.begin(), order.begin() + rows}));
  } while (std::ranges::next_permutation(order).found);
  return least;
}

TEST(Munkres, FindsTheLeastCost) {
  for (int i = 0; i < 60; ++i) {
    const int rows = 1 + i % 5, columns = rows + i % 3;
    const std::vector<float> costs = floats("least/" + std::to_string(i), rows * columns);
    const std::vector<int> assignment = munkres_assignment(costs, rows, columns);
    EXPECT_EQ(std::set(assignment.begin(), assignment.end()).size(), assignment.size());
    EXPECT_NEAR(cost_of(costs, columns, assignment), least_cost(costs, rows, columns), 1e-6) << "case " << i;
  }
}

TEST(Munkres, RefusesMoreRowsThanColumns) {
  EXPECT_THROW(munkres_assignment({1, 2}, 2, 1), std::logic_error);
  EXPECT_THROW(munkres_assignment({1, 2, 3}, 1, 2), std::logic_error);
}

}  // namespace
}  // namespace posecu
