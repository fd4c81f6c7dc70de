#include "pose/pairwise_sum.h"

#include <array>
#include <cstddef>

namespace posecu {

double pairwise_sum(std::span<const double> values) {
  constexpr std::size_t kLanes = 8, kBlock = 128;
  if (values.size() > kBlock) {
    const std::size_t half = values.size() / 2 / kLanes * kLanes;
    return pairwise_sum(values.first(half)) + pairwise_sum(values.subspan(half));
  }
  double sum = 0;
  std::size_t i = 0;
  if (values.size() >= kLanes) {
    std::array<double, kLanes> lane{};
    for (; i + kLanes <= values.size(); i += kLanes) {
      for (std::size_t j = 0; j < kLanes; ++j) lane[j] += values[i + j];
    }
    sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
  }
  for (; i < values.size(); ++i) sum += values[i];
  return sum;
}

}  // namespace posecu
