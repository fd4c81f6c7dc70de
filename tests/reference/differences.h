// Central differences: what an analytic gradient must equal.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tests/reference/map.h"

namespace posecu::reference {

inline double dot(const Values& a, const Values& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Fails where gradient[i] is not the derivative of loss() by values[i], which loss reads. The step's own error is its
// square times the third derivative: callers choose problems where that is below `tolerance` (relative, at least of 1).
template <class Loss>
void expect_gradient(const std::string& name, Values& values, const Values& gradient, Loss loss, double step,
                     double tolerance) {
  ASSERT_EQ(values.size(), gradient.size()) << name;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double kept = values[i];
    values[i] = kept + step;
    const double above = loss();
    values[i] = kept - step;
    const double below = loss();
    values[i] = kept;
    const double expected = (above - below) / (2 * step);
    ASSERT_NEAR(gradient[i], expected, tolerance * std::max(1.0, std::abs(expected))) << name << '[' << i << ']';
  }
}

}  // namespace posecu::reference
