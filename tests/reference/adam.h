// Adam in double precision, as torch.optim.Adam states it, for one step over all elements.
#pragma once

#include <vector>

namespace posecu::reference {

struct AdamState {
  std::vector<double> parameters, m, v;
};

struct AdamSettings {
  double learning_rate, beta1, beta2, eps;
  int step;  // counted from 1
};

AdamState adam(AdamState state, const std::vector<double>& gradients, const AdamSettings& settings);

}  // namespace posecu::reference
