// What a step decides on the device: so little arithmetic that the reference stands here.
#include "kernels/step_state.h"

#include <limits>

#include "kernel_test.h"

namespace posecu {
namespace {

StepState decided(const KernelRun& run, const std::vector<double>& losses, const std::vector<float>& statistics,
                  double gradient_norm) {
  Buffer<StepState> state(1);
  state[0] = {.gradient_norm = gradient_norm, .forward_finite = -1, .finite = -1};
  Buffer<double> some_losses(losses.size());
  std::ranges::copy(losses, some_losses.data());
  Buffer<float> some_statistics(statistics.size());
  std::ranges::copy(statistics, some_statistics.data());
  decide_step(run.stream, state.data(),
              {some_losses.data(), static_cast<int>(losses.size()), some_statistics.data(), statistics.size()},
              run.options);
  return state[0];
}

TEST(StepStateTest, CountsWhereAllValuesAreFinite) {
  for (const std::size_t n : kLengths) {
    for_each_run([&](const KernelRun& run) {
      EXPECT_EQ(decided(run, {1, 0, -2, 1e300, 4}, std::vector<float>(n, 3e38F), 1e200).finite, 1) << n;
    });
  }
}

TEST(StepStateTest, DoesNotCountWhereAnyValueIsNot) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for_each_run([&](const KernelRun& run) {
    for (const double bad : {inf, -inf, nan}) {
      const std::vector<float> good(700, 1.F);
      const StepState norm = decided(run, {1, 2}, good, bad), loss = decided(run, {1, bad}, good, 1);
      EXPECT_EQ(norm.finite, 0);
      EXPECT_EQ(norm.forward_finite, 1);
      EXPECT_EQ(loss.finite, 0);
      EXPECT_EQ(loss.forward_finite, 0);
      for (const std::size_t at : {std::size_t{0}, std::size_t{350}, good.size() - 1}) {
        std::vector<float> statistics = good;
        statistics[at] = static_cast<float>(bad);
        EXPECT_EQ(decided(run, {1, 2}, statistics, 1).finite, 0) << at;
      }
    }
  });
}

TEST(StepStateTest, RestoresOnlyWhereTheStepDoesNotCount) {
  for (const std::size_t n : kLengths) {
    const std::vector<double> before = draw<float>("before", n, n, -1, 1), after = draw<float>("after", n, n, -1, 1);
    for_each_run([&](const KernelRun& run) {
      for (const int finite : {0, 1}) {
        Buffer<StepState> state(1);
        state[0] = {.finite = finite};
        Buffer<float> values(after);
        const Buffer<float> kept(before);
        restore_unless_finite(run.stream, values.data(), kept.data(), state.data(), n, run.options);
        EXPECT_EQ(values.values(), finite == 1 ? after : before) << n;
      }
    });
  }
}

TEST(StepStateTest, ScalesGradients) {
  for (const std::size_t n : kLengths) {
    const std::vector<double> start = draw<float>("gradient", n, n, -1, 1);
    std::vector<double> expected = start;
    for (double& value : expected) value *= 4096;
    for_each_run([&](const KernelRun& run) {
      Buffer<StepState> state(1);
      state[0] = {.loss_scale = 4096};
      Buffer<float> gradient(start);
      scale_loss(run.stream, gradient.data(), state.data(), n, run.options);
      EXPECT_EQ(gradient.values(), expected) << n;
    });
  }
}

}  // namespace
}  // namespace posecu
