// Batch norm with residual sum and ReLU in double precision, from its formula (Ioffe & Szegedy 2015).
#pragma once

#include "tests/reference/map.h"

namespace posecu::reference {

struct BatchNormProblem {
  int rows = 1, channels = 1;
  double eps = 1e-5, momentum = 0.1;
  bool relu = false;
  Values x, residual;                // [rows,C]; residual may be empty
  Values gamma, beta;                // [C]
  Values running_mean, running_var;  // [C] before
};

struct BatchNormResult {
  Values z, y;                       // [rows,C] before and after the activation
  Values mean, inv_std;              // [C]
  Values running_mean, running_var;  // [C] after
};
BatchNormResult batch_norm(const BatchNormProblem& problem);

struct BatchNormGradients {
  Values dx, dresidual;  // [rows,C]
  Values dgamma, dbeta;  // [C]
};
BatchNormGradients batch_norm_gradients(const BatchNormProblem& problem, const Values& dy);

}  // namespace posecu::reference
