// Batch norm + residual + ReLU against the double reference, and the reference against finite differences.
#include "kernels/batch_norm.h"

#include "kernel_test.h"
#include "tests/reference/batch_norm.h"
#include "tests/reference/differences.h"

namespace posecu {
namespace {

using reference::BatchNormGradients;
using reference::BatchNormProblem;
using reference::BatchNormResult;
using reference::Values;

enum class WithResidual { no, yes };

struct BatchNormCase {
  int rows, channels;
  Activation activation = Activation::none;
  WithResidual residual = WithResidual::no;
  double least = -2, limit = 3;  // of x
};

std::size_t elements(const BatchNormCase& size) {
  return static_cast<std::size_t>(size.rows) * static_cast<std::size_t>(size.channels);
}

template <class T>
BatchNormProblem draw_problem(const BatchNormCase& size, std::uint64_t seed) {
  const auto channels = static_cast<std::size_t>(size.channels);
  BatchNormProblem p;
  p.rows = size.rows, p.channels = size.channels;
  p.eps = double{BatchNormOptions{}.eps}, p.momentum = double{BatchNormOptions{}.momentum};
  p.relu = size.activation == Activation::relu;
  p.x = draw<T>("x", seed, elements(size), size.least, size.limit);
  if (size.residual == WithResidual::yes) p.residual = draw<T>("residual", seed, elements(size), -1, 1);
  p.gamma = draw<float>("gamma", seed, channels, -1.5, 1.5);
  p.beta = draw<float>("beta", seed, channels, -1, 1);
  p.running_mean = draw<float>("running_mean", seed, channels, -1, 1);
  p.running_var = draw<float>("running_var", seed, channels, 0.5, 2);
  return p;
}

// How far float sums of a tile of 128 rows, a few more roundings each term, may be off, in units of 2^-24 of the terms'
// absolute sum. The blocks' sums are added in double.
constexpr double kTileRoundings = 134;

// Bounds on the error of one channel's statistics, in units of 2^-24: they come from sums of d = x - x[0].
struct StatisticsError {
  double mean, relative_inv_std;
};
StatisticsError statistics_error(const BatchNormProblem& p, const BatchNormResult& expected, int c) {
  double first = 0, square = 0;
  for (int row = 0; row < p.rows; ++row) {
    const double d = p.x[static_cast<std::size_t>(row * p.channels + c)] - p.x[static_cast<std::size_t>(c)];
    first += std::abs(d) / p.rows, square += d * d / p.rows;
  }
  const auto channel = static_cast<std::size_t>(c);
  const double inv_std = expected.inv_std[channel], var_error = kTileRoundings * (square + 2 * first * first);
  return {kTileRoundings * first + std::abs(expected.mean[channel]), 1 + 0.5 * var_error * inv_std * inv_std};
}

// Magnitudes for expect_close at terms = 1: the error of every output in units of 2^-24.
BatchNormResult forward_errors(const BatchNormProblem& p, const BatchNormResult& expected) {
  BatchNormResult bound;
  bound.y.resize(p.x.size());
  for (int c = 0; c < p.channels; ++c) {
    const auto channel = static_cast<std::size_t>(c);
    const StatisticsError error = statistics_error(p, expected, c);
    const double inv_std = expected.inv_std[channel], mean = expected.mean[channel];
    const double unbiased = p.rows > 1 ? (1 / (inv_std * inv_std) - p.eps) * p.rows / (p.rows - 1.0) : 0;
    bound.mean.push_back(error.mean);
    bound.inv_std.push_back(error.relative_inv_std * inv_std);
    bound.running_mean.push_back(error.mean + std::abs(p.running_mean[channel]));
    bound.running_var.push_back(2 * error.relative_inv_std * (unbiased + p.eps) + p.running_var[channel]);
    for (int row = 0; row < p.rows; ++row) {
      const auto i = static_cast<std::size_t>(row * p.channels + c);
      const double x_hat = std::abs(p.x[i] - mean) * inv_std, gamma = std::abs(p.gamma[channel]);
      bound.y[i] = gamma * inv_std * error.mean + gamma * x_hat * (error.relative_inv_std + 3) +
                   2 * (std::abs(p.beta[channel]) + (p.residual.empty() ? 0 : std::abs(p.residual[i])) + gamma * x_hat);
    }
  }
  return bound;
}

template <class T>
struct ForwardRun {
  ForwardRun(const BatchNormProblem& p, const KernelRun& run, const BatchNormOptions& options)
      : running_mean(p.running_mean),
        running_var(p.running_var),
        y(p.x.size()),
        mean(p.gamma.size()),
        inv_std(p.gamma.size()) {
    const BatchNormShape shape{p.rows, p.channels};
    const Buffer<T> x(p.x), residual(p.residual);
    const Buffer<float> gamma(p.gamma), beta(p.beta);
    Buffer<float> workspace(batch_norm_workspace(shape));
    batch_norm_forward<T>(run.stream,
                          {.y = y.data(),
                           .mean = mean.data(),
                           .inv_std = inv_std.data(),
                           .running_mean = running_mean.data(),
                           .running_var = running_var.data(),
                           .workspace = workspace.data(),
                           .x = x.data(),
                           .residual = p.residual.empty() ? nullptr : residual.data(),
                           .gamma = gamma.data(),
                           .beta = beta.data()},
                          shape, options, run.options);
  }
  Buffer<float> running_mean, running_var;
  Buffer<T> y;
  Buffer<float> mean, inv_std;
};

template <class T>
void check_forward(const BatchNormCase& size, std::uint64_t seed) {
  SCOPED_TRACE(::testing::Message() << size.rows << " rows, " << size.channels << " channels, seed " << seed);
  const BatchNormProblem p = draw_problem<T>(size, seed);
  const BatchNormResult expected = batch_norm(p), bound = forward_errors(p, expected);
  SameBits same;
  for_each_run([&](const KernelRun& run) {
    const ForwardRun<T> found(p, run, {.activation = size.activation});
    expect_close("mean", found.mean, expected.mean, bound.mean, 1);
    expect_close("inv_std", found.inv_std, expected.inv_std, bound.inv_std, 1);
    expect_close("running_mean", found.running_mean, expected.running_mean, bound.running_mean, 1);
    expect_close("running_var", found.running_var, expected.running_var, bound.running_var, 1);
    expect_close("y", found.y, expected.y, bound.y, 1);
    same.at_one_block_size(run, "y", found.y.bytes());
    same.at_one_block_size(run, "running_var", found.running_var.bytes());
  });
}

// Errors of backward in units of 2^-24. mean and inv_std reach the kernel rounded to float.
BatchNormGradients backward_errors(const BatchNormProblem& p, const BatchNormResult& forward,
                                   const BatchNormGradients& expected) {
  BatchNormGradients bound;
  bound.dx.resize(p.x.size());
  for (int c = 0; c < p.channels; ++c) {
    const auto channel = static_cast<std::size_t>(c);
    const double inv_std = forward.inv_std[channel], mean = forward.mean[channel];
    double dgamma = 0, dbeta = 0;
    for (int row = 0; row < p.rows; ++row) {
      const auto i = static_cast<std::size_t>(row * p.channels + c);
      const double dz = std::abs(expected.dresidual[i]);
      dbeta += dz * kTileRoundings;
      dgamma += dz * inv_std * (std::abs(p.x[i] - mean) * kTileRoundings + 2 * (std::abs(p.x[i]) + std::abs(mean)));
    }
    bound.dgamma.push_back(dgamma), bound.dbeta.push_back(dbeta);
    const double scale = std::abs(p.gamma[channel]) * inv_std;
    for (int row = 0; row < p.rows; ++row) {
      const auto i = static_cast<std::size_t>(row * p.channels + c);
      const double x_hat = std::abs(p.x[i] - mean) * inv_std, places = (std::abs(p.x[i]) + std::abs(mean)) * inv_std;
      const double exact = std::abs(expected.dgamma[channel]) / p.rows,
                   constant = std::abs(expected.dbeta[channel]) / p.rows;
      bound.dx[i] = scale * (4 * std::abs(expected.dresidual[i]) + (dbeta / p.rows + 4 * constant) +
                             x_hat * (dgamma / p.rows + 6 * exact) + 2 * places * exact);
    }
  }
  return bound;
}

template <class T>
struct BackwardRun {
  static constexpr double kBefore = 9;  // dgamma and dbeta are added to what is there

  BackwardRun(const BatchNormProblem& p, const BatchNormResult& forward, const Values& gradient, const KernelRun& run,
              const BatchNormOptions& options)
      : dx(p.x.size()),
        dresidual(p.x.size()),
        dgamma(Values(p.gamma.size(), kBefore)),
        dbeta(Values(p.gamma.size(), kBefore)) {
    const BatchNormShape shape{p.rows, p.channels};
    const Buffer<T> dy(gradient), y(forward.y), x(p.x);
    const Buffer<float> mean(forward.mean), inv_std(forward.inv_std), gamma(p.gamma);
    Buffer<float> workspace(batch_norm_workspace(shape));
    batch_norm_backward<T>(run.stream,
                           {.dx = dx.data(),
                            .dresidual = p.residual.empty() ? nullptr : dresidual.data(),
                            .dgamma = dgamma.data(),
                            .dbeta = dbeta.data(),
                            .workspace = workspace.data(),
                            .dy = dy.data(),
                            .y = options.activation == Activation::relu ? y.data() : nullptr,
                            .x = x.data(),
                            .mean = mean.data(),
                            .inv_std = inv_std.data(),
                            .gamma = gamma.data()},
                           shape, options, run.options);
  }
  Buffer<T> dx, dresidual;
  Buffer<float> dgamma, dbeta;
};

Values added(Values values, double by) {
  for (double& value : values) value += by;
  return values;
}

template <class T>
void check_backward(const BatchNormCase& size, std::uint64_t seed) {
  SCOPED_TRACE(::testing::Message() << size.rows << " rows, " << size.channels << " channels, seed " << seed);
  const BatchNormProblem p = draw_problem<T>(size, seed);
  const BatchNormResult forward = batch_norm(p);
  const Values dy = draw<T>("dy", seed, elements(size), -1, 1);
  const BatchNormGradients expected = batch_norm_gradients(p, dy), bound = backward_errors(p, forward, expected);
  constexpr double kBefore = BackwardRun<T>::kBefore;
  SameBits same;
  for_each_run([&](const KernelRun& run) {
    const BackwardRun<T> found(p, forward, dy, run, {.activation = size.activation});
    expect_close("dx", found.dx, expected.dx, bound.dx, 1);
    expect_close("dgamma", found.dgamma, added(expected.dgamma, kBefore), added(bound.dgamma, kBefore), 1);
    expect_close("dbeta", found.dbeta, added(expected.dbeta, kBefore), added(bound.dbeta, kBefore), 1);
    if (size.residual == WithResidual::yes)
      expect_close("dresidual", found.dresidual, expected.dresidual, Values(dy.size()), 0);
    same.at_one_block_size(run, "dx", found.dx.bytes());
    same.at_one_block_size(run, "dgamma", found.dgamma.bytes());
  });
}

// 1, primes, tile borders, tails of every vector width, more channels than a block or an accumulator array has.
const std::vector<BatchNormCase> kBatchNormCases = {
    {1, 1},
    {2, 3, Activation::relu},
    {1, 8, Activation::relu, WithResidual::yes},
    {7, 17, Activation::none, WithResidual::yes},
    {127, 5, Activation::relu, WithResidual::yes},
    {128, 8},
    {129, 16, Activation::relu},
    {300, 32, Activation::relu, WithResidual::yes},
    {523, 12, Activation::relu, WithResidual::yes},
    {257, 24, Activation::none, WithResidual::yes},
    {1153, 8, Activation::relu},
    {5, 520, Activation::relu, WithResidual::yes},
    {3, 1030, Activation::relu, WithResidual::yes},
    {4, 2056, Activation::relu},
};

template <class T>
class BatchNormTest : public ::testing::Test {};
using Types = ::testing::Types<float, bfloat16, float16>;
TYPED_TEST_SUITE(BatchNormTest, Types);

TYPED_TEST(BatchNormTest, ForwardEqualsReference) {
  for (std::size_t i = 0; i < kBatchNormCases.size(); ++i) check_forward<TypeParam>(kBatchNormCases[i], i);
}

TYPED_TEST(BatchNormTest, BackwardEqualsReference) {
  for (std::size_t i = 0; i < kBatchNormCases.size(); ++i) check_backward<TypeParam>(kBatchNormCases[i], i);
}

TYPED_TEST(BatchNormTest, KeepsItsDigitsWhereTheMeanIsFarFromZero) {
  check_forward<TypeParam>({300, 8, Activation::relu, WithResidual::no, 1000, 1010}, 1);
  check_backward<TypeParam>({300, 8, Activation::relu, WithResidual::no, 1000, 1010}, 1);
}

TYPED_TEST(BatchNormTest, GradientMayTakeTheMemoryOfTheOutputsGradient) {
  using T = TypeParam;
  const BatchNormCase size{200, 24, Activation::relu, WithResidual::yes};
  const BatchNormProblem p = draw_problem<T>(size, 1);
  const BatchNormResult forward = batch_norm(p);
  const Values gradient = draw<T>("dy", 1, elements(size), -1, 1);
  const BatchNormShape shape{p.rows, p.channels};
  for_each_run([&](const KernelRun& run) {
    const BackwardRun<T> apart(p, forward, gradient, run, {.activation = Activation::relu});
    const Buffer<T> y(forward.y), x(p.x);
    const Buffer<float> mean(forward.mean), inv_std(forward.inv_std), gamma(p.gamma);
    for (const auto residual : {WithResidual::no, WithResidual::yes}) {
      Buffer<T> dy(gradient), dresidual(p.x.size());
      Buffer<float> dgamma(Values(p.gamma.size())), dbeta(Values(p.gamma.size()));
      Buffer<float> workspace(batch_norm_workspace(shape));
      batch_norm_backward<T>(run.stream,
                             {.dx = dy.data(),
                              .dresidual = residual == WithResidual::yes ? dresidual.data() : nullptr,
                              .dgamma = dgamma.data(),
                              .dbeta = dbeta.data(),
                              .workspace = workspace.data(),
                              .dy = dy.data(),
                              .y = y.data(),
                              .x = x.data(),
                              .mean = mean.data(),
                              .inv_std = inv_std.data(),
                              .gamma = gamma.data()},
                             shape, {.activation = Activation::relu}, run.options);
      EXPECT_EQ(dy.values(), apart.dx.values());
    }
  });
}

// No value of z lies so near 0 that a step of the difference crosses ReLU's kink.
bool far_from_kinks(const BatchNormProblem& p) {
  for (const double z : batch_norm(p).z)
    if (p.relu && std::abs(z) < 1e-2) return false;
  return true;
}

TEST(BatchNormReferenceTest, GradientsEqualFiniteDifferences) {
  Random random(1, 0, 0, RandomPurpose::test);
  int checked = 0;
  for (std::uint64_t seed = 0; checked < 60; ++seed) {
    const BatchNormCase size{1 + random.below(9), 1 + random.below(4),
                             seed % 2 == 0 ? Activation::relu : Activation::none,
                             seed % 3 == 0 ? WithResidual::yes : WithResidual::no};
    BatchNormProblem p = draw_problem<float>(size, seed);
    p.eps = 0.05;  // third derivatives stay below 1e3, so a step of 1e-4 is right to 1e-6
    if (!far_from_kinks(p)) continue;
    SCOPED_TRACE(::testing::Message() << size.rows << " rows, " << size.channels << " channels, seed " << seed);
    const Values dy = draw<float>("dy", seed, elements(size), -1, 1);
    const BatchNormGradients gradients = batch_norm_gradients(p, dy);
    const auto loss = [&] { return reference::dot(dy, batch_norm(p).y); };
    reference::expect_gradient("x", p.x, gradients.dx, loss, 1e-4, 1e-5);
    if (!p.residual.empty()) reference::expect_gradient("residual", p.residual, gradients.dresidual, loss, 1e-4, 1e-5);
    reference::expect_gradient("gamma", p.gamma, gradients.dgamma, loss, 1e-4, 1e-5);
    reference::expect_gradient("beta", p.beta, gradients.dbeta, loss, 1e-4, 1e-5);
    ++checked;
  }
}

}  // namespace
}  // namespace posecu
