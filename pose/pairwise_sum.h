// The sum of doubles in the order in which numpy adds a contiguous array: the last digit of OKS and of AP depends on
// it.
#pragma once

#include <span>

namespace posecu {

double pairwise_sum(std::span<const double> values);

}  // namespace posecu
