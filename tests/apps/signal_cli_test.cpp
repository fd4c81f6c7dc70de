// Signals at any moment of a training: it ends in time, with a checkpoint that can be gone on from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/random.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_network.h"
#include "tests/support/golden.h"
#include "training/checkpoint.h"

namespace posecu {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void wait(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

class SignalSlowCliTest : public testing::Test {
 protected:
  // A tiny training without an end, which saves every third step.
  RunningProgram start(const std::string& run) const {
    return RunningProgram({POSECU_PROGRAM, "train", "model.width=8", "model.blocks=1", "model.modules=[1,1,1]",
                           "data.root=" + one_picture_set().string(), "data.train=[train]", "data.val=train",
                           "train.input_size=64", "train.batch=1", "train.steps=1000000", "train.eval_every=10",
                           "train.save_every=3", "eval.input_size=64", "eval.flip=false", "--out", run},
                          folder_.path());
  }
  std::int64_t step_of_last(const std::string& run) const {
    const Safetensors last = read_checkpoint((folder_.path() / run / "checkpoints/last.safetensors").string());
    return nlohmann::json::parse(last.metadata().at("training")).at("step").get<std::int64_t>();
  }

  TemporaryFolder folder_;
  Random random_{41, 0, 0, RandomPurpose::test};
};

TEST_F(SignalSlowCliTest, FiftySignalsAtRandomMomentsLeaveACheckpoint) {
  constexpr std::array<int, 3> kSignals{SIGINT, SIGTERM, SIGHUP};
  for (int number = 0; number < 50; ++number) {
    const int signal = kSignals[static_cast<std::size_t>(number % 3)];
    const std::string run = "run" + std::to_string(number);
    RunningProgram program = start(run);
    ASSERT_TRUE(program.wait_for_message("step 1/"));
    wait(random_.uniform(0, 0.3));
    const auto sent = Clock::now();
    program.signal(signal);
    const ProgramResult ended = program.wait();
    EXPECT_LT(seconds_since(sent), 10);
    EXPECT_EQ(ended.code, signal == SIGINT ? 130 : 143) << ended.err;
    EXPECT_GE(step_of_last(run), 1) << "signal " << number;
    std::filesystem::remove_all(folder_.path() / run);
  }
}

TEST_F(SignalSlowCliTest, TwentySecondSignalsEndAtOnceAndLeaveTheCheckpointBefore) {
  for (int number = 0; number < 20; ++number) {
    const std::string run = "run" + std::to_string(number);
    RunningProgram program = start(run);
    ASSERT_TRUE(program.wait_for_message("step 10: AP"));
    program.signal(SIGTERM);
    wait(random_.uniform(0, 0.02));
    program.signal(SIGINT);
    const auto sent = Clock::now();
    const ProgramResult ended = program.wait();
    EXPECT_LT(seconds_since(sent), 10);
    EXPECT_TRUE(ended.code == 130 || ended.code == 143) << ended.code;
    EXPECT_GE(step_of_last(run), 9) << "signal " << number;
    std::filesystem::remove_all(folder_.path() / run);
  }
}

}  // namespace
}  // namespace posecu
