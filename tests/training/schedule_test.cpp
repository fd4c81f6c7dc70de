#include "training/schedule.h"

#include <gtest/gtest.h>

#include <vector>

namespace posecu {
namespace {

// The official scheduler as it is written: called once before the first step and once after each, and keeping the rate.
class OfficialScheduler {
 public:
  OfficialScheduler(ScheduleOptions options, double base) : options_(std::move(options)), base_(base) { step(); }
  double rate() const { return rate_; }

  void step() {
    ++count_;
    if (count_ <= options_.warmup_steps) {
      const auto warmup = static_cast<double>(options_.warmup_steps), count = static_cast<double>(count_);
      rate_ = base_ * ((1 - options_.warmup_ratio) / (warmup - 1) * (count - 1) + options_.warmup_ratio);
      return;
    }
    if (options_.warmup_steps == 0 && count_ == 1) rate_ = base_;
    for (const std::int64_t milestone : options_.milestones) {
      if (milestone == count_ - 1) rate_ *= options_.gamma;
    }
  }

 private:
  ScheduleOptions options_;
  double base_, rate_ = 0;
  std::int64_t count_ = 0;
};

std::vector<double> rates(const ScheduleOptions& options, double base, int steps) {
  std::vector<double> result;
  for (int step = 0; step < steps; ++step) result.push_back(learning_rate(options, base, step));
  return result;
}

TEST(Schedule, GivesTheRatesOfTheOfficialTrainings) {
  EXPECT_EQ(rates({{5}, 0.1, 3, 1e-3}, 1.5e-3, 7), (std::vector{1.5e-06, 0.0007507499999999999, 0.0015, 0.0015, 0.0015,
                                                                0.00015000000000000001, 0.00015000000000000001}));
  EXPECT_EQ(rates({{3, 5}, 0.5, 2, 1e-2}, 1.5e-3, 7),
            (std::vector{1.5e-05, 0.0015, 0.0015, 0.00075, 0.00075, 0.000375, 0.000375}));
}

TEST(Schedule, EqualsTheOfficialSchedulerStepByStepToTheLastBit) {
  const std::vector<ScheduleOptions> cases{
      {{}, 0.1, 500, 1e-3}, {{300, 450}, 0.1, 50, 1e-3},    {{7}, 0.3, 0, 1e-3},        {{0, 4}, 0.5, 0, 0.1},
      {{1, 2, 3}, 0.7, 2},  {{600, 499, 500}, 0.1, 500, 0}, {{20, 20, 30}, 0.1, 11, 1},
  };
  for (const ScheduleOptions& options : cases) {
    OfficialScheduler official(options, 1.5e-3);
    for (int step = 0; step < 700; ++step, official.step()) {
      ASSERT_EQ(learning_rate(options, 1.5e-3, step), official.rate())
          << "step " << step << ", warm-up " << options.warmup_steps;
    }
  }
}

TEST(Schedule, LosesAMilestoneInsideTheWarmUp) {
  EXPECT_EQ(learning_rate({{4}, 0.1, 5, 1e-3}, 1, 100), 1);
  EXPECT_EQ(learning_rate({{5}, 0.1, 5, 1e-3}, 1, 100), 0.1);
}

TEST(Schedule, HasTheFullRateAtOnceWithoutAWarmUpOrWithOneOfOneStep) {
  EXPECT_EQ(rates({{2}, 0.1, 0, 1e-3}, 1, 4), (std::vector{1.0, 1.0, 0.1, 0.1}));
  EXPECT_EQ(rates({{2}, 0.1, 1, 1e-3}, 1, 4), (std::vector{1.0, 1.0, 0.1, 0.1}));
}

TEST(Schedule, KeepsTheLastValueOfTheWarmUpAlsoWhereRoundingMissesTheBase) {
  // (1 - r) / (n - 1) * (n - 1) + r is not always 1 in double; the official code goes on from what it got.
  int missed = 0;
  for (std::int64_t steps = 2; steps < 1000; ++steps) {
    const ScheduleOptions options{{}, 0.1, steps, 1e-3};
    const double last = learning_rate(options, 1.5e-3, steps - 1);
    EXPECT_EQ(learning_rate(options, 1.5e-3, 10 * steps), last);
    EXPECT_DOUBLE_EQ(last, 1.5e-3);
    missed += last != 1.5e-3 ? 1 : 0;
  }
  EXPECT_GT(missed, 0);
}

TEST(Schedule, FallsAlongHalfACosineFromTheWarmUpToTheEnd) {
  ScheduleOptions options{{}, 0.1, 3, 0.1, Decay::cosine, 11, 0.2};
  const std::vector<double> found = rates(options, 2, 14);
  // Warm-up, the top at step 3, the middle four steps later, the end where the training ends, and not below it.
  const double expected[] = {0.2, 1.1,       2,         2,         1.9391036, 1.7656854, 1.5061467,
                             1.2, 0.8938533, 0.6343146, 0.4608964, 0.4,       0.4,       0.4};
  for (std::size_t i = 0; i < std::size(expected); ++i) EXPECT_NEAR(found[i], expected[i], 1e-7) << "step " << i;
  options.steps = 3;  // nothing but warm-up
  EXPECT_EQ(rates(options, 2, 3), (std::vector{0.2, 1.1, 2.0}));
  options.warmup_steps = 0, options.steps = 2;
  EXPECT_NEAR(rates(options, 2, 2)[1], 1.2, 1e-15);
}

}  // namespace
}  // namespace posecu
