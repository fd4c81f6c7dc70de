#include "training/train.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/error.h"
#include "core/file.h"
#include "core/random.h"
#include "tests/support/file_size_limit.h"
#include "tests/training/train_fixture.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST_F(TrainTest, GivesTheSameBytesTwice) {
  go("one");
  go("two");
  expect_same_run("one", "two");
}

TEST_F(TrainTest, GivesTheSameBytesWithAnyNumberOfLoaderThreads) {
  go("one");
  for (const int threads : {2, 8}) {
    options_.loader_threads = threads;
    const std::string name = std::to_string(threads);
    go(name);
    expect_same_run(name, "one");
  }
}

// 2 and 10: end of an epoch; 4: of the warm-up; 3, 6: a checkpoint is due; 5: an evaluation; 7: a milestone.
TEST_F(TrainTest, GoesOnFromAnyStepAsIfItHadNeverStopped) {
  go("straight");
  for (const std::int64_t stop : {1, 2, 3, 4, 5, 6, 7, 10, 11}) {
    const std::string name = std::to_string(stop);
    EXPECT_EQ(go_until(name, stop).end, TrainEnd::interrupted);
    const TinyResult resumed = go(name);
    EXPECT_EQ(resumed.end, TrainEnd::finished);
    EXPECT_EQ(resumed.progress.front().step, stop + 1);
    expect_same_run(name, "straight");
  }
}

// Also before its first checkpoint.
TEST_F(TrainTest, SaysWhenARunGoesOnWithOtherConvolutions) {
  {
    const RunFolder folder(run("run"), RunFolder::Start::fresh);
    folder.write({"seed = 11\n", "name = \"coco\"\n", "posecu train", "a test\n"});
    folder.write_plans("# NVIDIA X1, cuDNN 9.19.0\nforward fp32 A: eng1\n");
  }
  const TinyResult result = go("run");
  EXPECT_THAT(result.messages,
              testing::Contains(HasSubstr("the run computed with NVIDIA X1, cuDNN 9.19.0, now with ")));
  EXPECT_FALSE(fs::exists(run("run") + "/plans.txt") &&
               read_text_file(run("run") + "/plans.txt").find("X1") != std::string::npos);
}

TEST_F(TrainTest, GoesOnWithAccumulationAcrossEpochs) {
  options_.head = Head::higherhrnet;
  options_.train.timetable.accumulate = 3;
  options_.train.timetable.unit = TrainUnit::epochs;
  options_.train.timetable.length = 10;
  options_.train.timetable.milestones = {5, 8};
  go("straight");
  for (const std::int64_t stop : {1, 2, 5}) {
    const std::string name = std::to_string(stop);
    go_until(name, stop);
    go(name);
    expect_same_run(name, "straight");
  }
}

TEST_F(TrainTest, GoesOnAfterBeingStoppedAtEveryStep) {
  go("straight");
  for (std::int64_t stop = 1; stop < 12; ++stop) go_until("often", stop);
  go("often");
  expect_same_run("often", "straight");
}

TEST_F(TrainTest, MakesUpForAnEvaluationThatWasInterrupted) {
  go("straight");
  options_.stop_evaluation_at = 5;
  EXPECT_EQ(go("stopped").end, TrainEnd::interrupted);
  options_.stop_evaluation_at = -1;
  const TinyResult resumed = go("stopped");
  EXPECT_EQ(resumed.evaluations.front().step, 5);
  expect_same_run("stopped", "straight");
}

TEST_F(TrainTest, StartsAgainWhenItWasKilledBeforeItsFirstCheckpoint) {
  go("straight");
  go_until("killed", 2);
  fs::remove_all(run("killed") + "/checkpoints");
  EXPECT_EQ(go("killed").progress.front().step, 1);
  expect_same_run("killed", "straight");
}

TEST_F(TrainTest, GoesOnFromTheCheckpointBeforeADamagedOne) {
  go("straight");
  go_until("damaged", 7);
  const std::string newest = run("damaged") + "/checkpoints/step_00000007.safetensors";
  fs::resize_file(newest, fs::file_size(newest) - 1);
  const TinyResult resumed = go("damaged");
  EXPECT_THAT(resumed.messages, testing::Contains(HasSubstr("step_00000007.safetensors")));
  EXPECT_EQ(resumed.progress.front().step, 7);
  expect_same_run("damaged", "straight");
}

TEST_F(TrainTest, DoesNothingMoreInAFinishedRun) {
  go("run");
  const auto before = checkpoint("run");
  const TinyResult again = go("run");
  EXPECT_EQ(again.end, TrainEnd::finished);
  EXPECT_TRUE(again.progress.empty());
  EXPECT_EQ(checkpoint("run"), before);
}

TEST_F(TrainTest, GoesOnWithAFinishedRunThatIsMadeLonger) {
  go("straight");
  options_.train.timetable.length = 8;
  options_.train.timetable.eval_every = 4;
  go("longer");
  options_.train.timetable.length = 12;
  EXPECT_EQ(go("longer").progress.size(), 4U);
}

TEST_F(TrainTest, TellsOfAnotherNumberOfComputeThreadsAndGoesOn) {
  go_until("run", 3);
  options_.compute_threads = 2;
  const TinyResult resumed = go("run");
  EXPECT_THAT(resumed.messages, testing::Contains(AllOf(HasSubstr("1 compute threads"), HasSubstr("--threads 1"))));
  EXPECT_EQ(resumed.end, TrainEnd::finished);
}

TEST_F(TrainTest, RefusesToGoOnWithOtherData) {
  go_until("run", 3);
  data_ = make_tiny_data((temporary_.path() / "more").string(), 9);
  EXPECT_THAT([&] { go("run"); }, ThrowsMessage<UsageError>(HasSubstr("the data set")));
}

TEST_F(TrainTest, ReportsProgressEvaluationsAndTheBest) {
  const TinyResult result = go("run");
  ASSERT_EQ(result.progress.size(), 12U);
  for (std::size_t i = 0; i < 12; ++i) {
    const TrainProgress& progress = result.progress[i];
    EXPECT_EQ(progress.step, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(progress.steps, 12);
    EXPECT_EQ(progress.epoch, static_cast<std::int64_t>(i) / 2);
    EXPECT_GT(progress.losses.total(), 0);
    EXPECT_GT(progress.seconds_per_step, 0);
    EXPECT_GE(progress.waiting, 0);
    EXPECT_LE(progress.waiting, 1);
  }
  EXPECT_EQ(result.progress.back().seconds_left, 0);
  EXPECT_EQ(result.progress[0].lr, 1.5e-6);
  EXPECT_NEAR(result.progress[11].lr, 1.5e-5, 1e-18);
  std::vector<std::int64_t> steps;
  double best = -2;
  for (const EvaluationReport& report : result.evaluations) {
    steps.push_back(report.step);
    EXPECT_EQ(report.best, report.evaluation.score > best);
    best = std::max(best, report.evaluation.score);
  }
  EXPECT_THAT(steps, ElementsAre(5, 10, 12));
}

TEST_F(TrainTest, WritesARowForEveryStepAndEvaluation) {
  const TinyResult result = go("run");
  const std::vector<Json> rows = log("run");
  ASSERT_EQ(rows.size(), 15U);
  EXPECT_EQ(rows[0].at("kind"), "step");
  EXPECT_EQ(rows[0].at("loss"), result.progress[0].losses.total());
  EXPECT_EQ(rows[5].at("kind"), "evaluation");
  EXPECT_EQ(rows[5].at("metrics").at("AP"), result.evaluations[0].evaluation.score);
  std::ifstream metrics(run("run") + "/metrics.csv");
  std::string header, first;
  std::getline(metrics, header), std::getline(metrics, first);
  EXPECT_EQ(header, "step,epoch,set,score,AP,AR");
  EXPECT_THAT(first, testing::StartsWith("5,2,"));
}

TEST_F(TrainTest, EndsOnAFullDiskAndGoesOnLater) {
  go("straight");
  const auto checkpoint_bytes = checkpoint("straight").size();
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1000}, checkpoint_bytes / 2}) {
    const std::string name = std::to_string(bytes);
    TinyOptions options = options_;
    std::optional<FileSizeLimit> full;
    options.before_next = [&](std::int64_t step) {
      if (step == 4) full.emplace(bytes);
    };
    EXPECT_THROW(train_tiny(data_, run(name), options), MachineError);
    full.reset();
    EXPECT_EQ(go(name).progress.front().step, 4);  // after the checkpoint of step 3
    expect_same_run(name, "straight");
  }
}

// Runs the training in a child process that dies without a chance to save: when `dies` says so after a step, or, if it
// is still there after `seconds`, at any place.
enum class ChildEnd { killed, finished };
ChildEnd run_and_kill(const DataSet& data, const std::string& run, TinyOptions options,
                      const std::function<bool(std::int64_t step)>& dies, double seconds = 1e6) {
  const pid_t child = fork();
  if (child == 0) {
    options.before_next = [&dies](std::int64_t step) {
      if (dies(step)) kill(getpid(), SIGKILL);
    };
    train_tiny(data, run, options);
    _exit(0);
  }
  const auto start = std::chrono::steady_clock::now();
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() - start > std::chrono::duration<double>(seconds)) kill(child, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return WIFSIGNALED(status) ? ChildEnd::killed : ChildEnd::finished;
}

TEST_F(TrainTest, GoesOnAfterKillNine) {
  const auto name = [](std::int64_t step) { return "killed" + std::to_string(step); };
  const std::vector<std::int64_t> steps{1, 4, 7, 11};
  for (const std::int64_t last : steps) {
    const auto dies = [last](std::int64_t step) { return step == last; };
    EXPECT_EQ(run_and_kill(data_, run(name(last)), options_, dies), ChildEnd::killed);
  }
  go("straight");
  for (const std::int64_t last : steps) {
    go(name(last));
    expect_same_run(name(last), "straight");
  }
}

// Kills at random moments, most of them inside saves: every step is saved and evaluated.
TEST_F(TrainTest, SlowSurvivesAHundredKillsAtRandomMoments) {
  options_.train.timetable.save_every = options_.train.timetable.eval_every = 1;
  options_.train.timetable.length = 40;
  Random random(17, 0, 0, RandomPurpose::test);
  int kills = 0;
  for (int number = 0; kills < 100; ++number) {
    const std::string name = "killed" + std::to_string(number);
    std::int64_t newest = 0;
    double patience = 0.4;  // seconds: grows, so that a busy machine comes to an end too
    const auto never = [](std::int64_t) { return false; };
    while (run_and_kill(data_, run(name), options_, never, random.uniform(0.02, patience)) == ChildEnd::killed) {
      ++kills, patience *= 1.1;
      const std::string last = run(name) + "/checkpoints/last.safetensors";
      if (!fs::exists(last)) continue;
      const std::string state = read_checkpoint(last).metadata().at("training");  // throws unless it is whole
      const auto step = Json::parse(state).at("step").get<std::int64_t>();
      EXPECT_GE(step, newest);
      newest = step;
    }
    for (const auto& entry : fs::recursive_directory_iterator(run(name)))
      EXPECT_THAT(entry.path().string(), testing::Not(testing::AnyOf(HasSubstr(".part"), HasSubstr(".damaged"))));
  }
  go("straight");
  for (int number = 0; fs::exists(run("killed" + std::to_string(number))); ++number)
    expect_same_run("killed" + std::to_string(number), "straight");
}

}  // namespace
}  // namespace posecu
