#include "training/timetable.h"

#include <gtest/gtest.h>

namespace posecu {
namespace {

using Place = Timetable::Place;

TimetableOptions in(TrainUnit unit, std::int64_t length) { return {.unit = unit, .length = length, .milestones = {}}; }

std::vector<std::int64_t> steps_where(const Timetable& table, bool (Timetable::*due)(std::int64_t) const) {
  std::vector<std::int64_t> steps;
  for (std::int64_t done = 1; done <= table.steps(); ++done) {
    if ((table.*due)(done)) steps.push_back(done);
  }
  return steps;
}

TEST(Timetable, CountsStepsAsTheyAre) {
  TimetableOptions options = in(TrainUnit::steps, 10);
  options.eval_every = 4;
  options.save_every = 3;
  const Timetable table(options, 7);
  EXPECT_EQ(table.steps(), 10);
  EXPECT_EQ(steps_where(table, &Timetable::evaluation_due), (std::vector<std::int64_t>{4, 8, 10}));
  EXPECT_EQ(steps_where(table, &Timetable::save_due), (std::vector<std::int64_t>{3, 6, 9, 10}));
}

TEST(Timetable, IsDueAtTheEndOnlyWithoutAPeriod) {
  const Timetable table(in(TrainUnit::steps, 5), 3);
  EXPECT_EQ(steps_where(table, &Timetable::evaluation_due), std::vector<std::int64_t>{5});
  EXPECT_EQ(steps_where(table, &Timetable::save_due), std::vector<std::int64_t>{5});
}

TEST(Timetable, CountsEpochsByTheBatchesThatWereRead) {
  TimetableOptions options = in(TrainUnit::epochs, 4);
  options.eval_every = 2;
  options.save_every = 1;
  const Timetable table(options, 5);
  EXPECT_EQ(table.steps(), 20);
  EXPECT_EQ(steps_where(table, &Timetable::evaluation_due), (std::vector<std::int64_t>{10, 20}));
  EXPECT_EQ(steps_where(table, &Timetable::save_due), (std::vector<std::int64_t>{5, 10, 15, 20}));
}

TEST(Timetable, EndsAnEpochWithTheStepThatReadsItsLastBatch) {
  TimetableOptions options = in(TrainUnit::epochs, 4);
  options.accumulate = 2;
  options.save_every = 1;
  const Timetable table(options, 5);  // epochs end after batches 5, 10, 15, 20: in steps 3, 5, 8, 10
  EXPECT_EQ(table.steps(), 10);
  EXPECT_EQ(steps_where(table, &Timetable::save_due), (std::vector<std::int64_t>{3, 5, 8, 10}));
}

TEST(Timetable, EndsSeveralEpochsInOneStepThatReadsThemAll) {
  TimetableOptions options = in(TrainUnit::epochs, 5);
  options.accumulate = 4;
  options.save_every = 1;
  const Timetable table(options, 2);
  EXPECT_EQ(table.steps(), 3);  // 5 epochs are 10 batches, which 3 steps read
  EXPECT_EQ(steps_where(table, &Timetable::save_due), (std::vector<std::int64_t>{1, 2, 3}));
}

TEST(Timetable, PutsMilestonesOfEpochsAtTheFirstStepAfterThem) {
  TimetableOptions options = in(TrainUnit::epochs, 10);
  options.milestones = {2, 4};
  options.warmup_steps = 0;
  options.accumulate = 2;
  const Timetable table(options, 5);
  EXPECT_EQ(table.learning_rate(1, 4), 1);
  EXPECT_EQ(table.learning_rate(1, 5), 0.1);
  EXPECT_EQ(table.learning_rate(1, 9), 0.1);
  EXPECT_EQ(table.learning_rate(1, 10), 0.1 * 0.1);
}

TEST(Timetable, SaysWhichBatchAStepReadsFirst) {
  TimetableOptions options = in(TrainUnit::steps, 100);
  options.accumulate = 3;
  const Timetable table(options, 5);
  EXPECT_EQ(table.first_batch(0), (Place{0, 0}));
  EXPECT_EQ(table.first_batch(1), (Place{0, 3}));
  EXPECT_EQ(table.first_batch(2), (Place{1, 1}));
  EXPECT_EQ(table.first_batch(5), (Place{3, 0}));
}

TEST(Timetable, CountsFurtherThan32Bits) {
  const std::int64_t many = std::int64_t{1} << 33;
  TimetableOptions options = in(TrainUnit::epochs, many);
  options.save_every = many / 2;
  const Timetable table(options, 100);
  EXPECT_EQ(table.steps(), 100 * many);
  EXPECT_TRUE(table.save_due(50 * many));
  EXPECT_FALSE(table.save_due(50 * many + 1));
  EXPECT_EQ(table.first_batch(100 * many - 1), (Place{many - 1, 99}));
}

}  // namespace
}  // namespace posecu
