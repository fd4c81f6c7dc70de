// A run that is stopped anywhere ends in the bytes of one that never stopped.
#include "tests/training/train_fixture.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;

// 40 steps of two an epoch; the warm-up ends after step 6, milestones are at 15 and 30, evaluations every 9 steps,
// checkpoints every 7. The run is stopped after every step; what it left then goes on by itself to the end.
TEST_F(TrainTest, SlowGoesOnFromEveryStepOfForty) {
  options_.train.timetable = {
      .length = 40, .milestones = {15, 30}, .eval_every = 9, .save_every = 7, .warmup_steps = 6};
  const TinyResult straight = go("straight");
  ASSERT_EQ(straight.progress.size(), 40U);
  EXPECT_EQ(straight.progress.back().epoch, 19);
  int resumed = 0;
  for (std::int64_t stop = 1; stop < 40; ++stop) {
    ASSERT_EQ(go_until("often", stop).end, TrainEnd::interrupted);
    const std::string name = "from" + std::to_string(stop);
    fs::copy(run("often"), run(name), fs::copy_options::recursive);
    const TinyResult rest = go(name);
    EXPECT_EQ(rest.progress.front().step, stop + 1);
    expect_same_run(name, "straight");
    fs::remove_all(run(name));
    ++resumed;
  }
  go("often");
  expect_same_run("often", "straight");
  EXPECT_EQ(resumed, 39);
}

}  // namespace
}  // namespace posecu
