// A tensor [N,H,W,C] of doubles for the references of layers and networks.
#pragma once

#include <cstddef>
#include <vector>

namespace posecu::reference {

using Values = std::vector<double>;

struct Map {
  int n = 0, h = 0, w = 0, c = 0;
  Values values;

  Map() = default;
  Map(int n_, int h_, int w_, int c_)
      : n(n_), h(h_), w(w_), c(c_), values(static_cast<std::size_t>(n_) * static_cast<std::size_t>(h_ * w_ * c_)) {}

  double& at(int b, int i, int j, int k) { return values[static_cast<std::size_t>(((b * h + i) * w + j) * c + k)]; }
  double at(int b, int i, int j, int k) const {
    return values[static_cast<std::size_t>(((b * h + i) * w + j) * c + k)];
  }
};

}  // namespace posecu::reference
