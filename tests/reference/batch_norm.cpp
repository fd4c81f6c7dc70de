#include "tests/reference/batch_norm.h"

#include <algorithm>
#include <cmath>

namespace posecu::reference {
namespace {

std::size_t index(int i) { return static_cast<std::size_t>(i); }

}  // namespace

BatchNormResult batch_norm(const BatchNormProblem& p) {
  BatchNormResult result;
  result.z.resize(p.x.size());
  for (int c = 0; c < p.channels; ++c) {
    const auto x = [&](int row) { return p.x[index(row * p.channels + c)]; };
    double mean = 0, var = 0;
    for (int row = 0; row < p.rows; ++row) mean += x(row) / p.rows;
    for (int row = 0; row < p.rows; ++row) var += (x(row) - mean) * (x(row) - mean) / p.rows;
    const double unbiased = p.rows > 1 ? var * p.rows / (p.rows - 1) : 0;
    const double std = std::sqrt(var + p.eps);
    result.mean.push_back(mean);
    result.inv_std.push_back(1 / std);
    result.running_mean.push_back((1 - p.momentum) * p.running_mean[index(c)] + p.momentum * mean);
    result.running_var.push_back((1 - p.momentum) * p.running_var[index(c)] + p.momentum * unbiased);
    for (int row = 0; row < p.rows; ++row) {
      double& z = result.z[index(row * p.channels + c)];
      z = (x(row) - mean) / std * p.gamma[index(c)] + p.beta[index(c)];
      if (!p.residual.empty()) z += p.residual[index(row * p.channels + c)];
    }
  }
  result.y = result.z;
  if (p.relu)
    for (double& y : result.y) y = std::max(y, 0.0);
  return result;
}

// Through the chain of intermediate results, as autograd would go: z -> x_hat -> (var, mean) -> x.
BatchNormGradients batch_norm_gradients(const BatchNormProblem& p, const Values& dy) {
  const BatchNormResult forward = batch_norm(p);
  BatchNormGradients result;
  result.dx.resize(p.x.size());
  for (std::size_t i = 0; i < dy.size(); ++i) result.dresidual.push_back(p.relu && forward.z[i] <= 0 ? 0 : dy[i]);
  for (int c = 0; c < p.channels; ++c) {
    const double mean = forward.mean[index(c)], inv_std = forward.inv_std[index(c)], gamma = p.gamma[index(c)];
    double dgamma = 0, dbeta = 0, dvar = 0, dmean = 0;
    for (int row = 0; row < p.rows; ++row) {
      const std::size_t i = index(row * p.channels + c);
      const double dz = result.dresidual[i], centred = p.x[i] - mean;
      dgamma += dz * centred * inv_std;
      dbeta += dz;
      dvar += dz * gamma * centred * -0.5 * std::pow(inv_std, 3);
      dmean += -dz * gamma * inv_std;
    }
    for (int row = 0; row < p.rows; ++row) {
      const std::size_t i = index(row * p.channels + c);
      // dmean has no share through var: the sum of x - mean is 0.
      result.dx[i] = result.dresidual[i] * gamma * inv_std + dvar * 2 * (p.x[i] - mean) / p.rows + dmean / p.rows;
    }
    result.dgamma.push_back(dgamma);
    result.dbeta.push_back(dbeta);
  }
  return result;
}

}  // namespace posecu::reference
