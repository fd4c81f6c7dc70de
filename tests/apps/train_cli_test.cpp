// `posecu train` as a user runs it: a run folder, signals, resuming to the same bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "core/file.h"
#include "core/safetensors.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_network.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class TrainCliTest : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }

  // 60 steps of a tiny network on the shipped picture.
  std::vector<std::string> command(const std::vector<std::string>& more) const {
    std::vector<std::string> words{"train",
                                   "model.width=8",
                                   "model.blocks=1",
                                   "model.modules=[1,1,1]",
                                   "data.root=" + one_picture_set().string(),
                                   "data.train=[train]",
                                   "data.val=train",
                                   "train.input_size=64",
                                   "train.batch=1",
                                   "train.steps=60",
                                   "train.warmup_steps=5",
                                   "train.eval_every=20",
                                   "train.save_every=7",
                                   "eval.input_size=64",
                                   "eval.flip=false"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  ProgramResult train(const std::vector<std::string>& more) { return run_posecu(command(more), folder_.path()); }
  ProgramResult resume(const std::string& run) { return run_posecu({"train", "--resume", run}, folder_.path()); }

  std::string checkpoint(const std::string& run, const std::string& name = "last") const {
    return read_text_file(file(run + "/checkpoints/" + name + ".safetensors").string());
  }

  TemporaryFolder folder_;
};

TEST_F(TrainCliTest, LeavesARunFolderThatSaysWhatItIs) {
  const ProgramResult result = train({"--out", "run"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, HasSubstr("step 60/60"));
  EXPECT_THAT(result.err, HasSubstr("step 40: AP 0."));
  EXPECT_THAT(result.err, HasSubstr("next: posecu eval run"));
  EXPECT_THAT(read_text_file(file("run/config.toml").string()), HasSubstr("width = 8\n"));
  EXPECT_THAT(read_text_file(file("run/command.txt").string()), HasSubstr("posecu train model.width=8"));
  EXPECT_THAT(read_text_file(file("run/command.txt").string()), HasSubstr("'model.modules=[1,1,1]'"));
  EXPECT_THAT(read_text_file(file("run/environment.txt").string()), HasSubstr("oneDNN"));
  const std::string log = read_text_file(file("run/log.jsonl").string());
  EXPECT_EQ(std::ranges::count(log, '\n'), 60 + 3);
  const ProgramResult scored = run_posecu({"eval", "run", "--quiet"}, folder_.path());
  EXPECT_EQ(scored.code, 0) << scored.err;
  EXPECT_THAT(scored.out, HasSubstr("best.safetensors, chosen on coco train: the set of this very table\n"));
}

TEST_F(TrainCliTest, TwoRunsGiveTheSameBytes) {
  ASSERT_EQ(train({"--out", "a", "--quiet"}).code, 0);
  ASSERT_EQ(train({"--out", "b", "--quiet"}).code, 0);
  EXPECT_EQ(checkpoint("a"), checkpoint("b"));
  EXPECT_EQ(checkpoint("a", "best"), checkpoint("b", "best"));
}

TEST_F(TrainCliTest, LoaderThreadsDoNotChangeTheWeights) {
  ASSERT_EQ(train({"--out", "a", "data.loader_threads=1", "train.steps=9"}).code, 2) << "train.steps is given twice";
  ASSERT_EQ(train({"--out", "a", "data.loader_threads=1"}).code, 0);
  ASSERT_EQ(train({"--out", "b", "data.loader_threads=8"}).code, 0);
  const Safetensors a = Safetensors::read(file("a/checkpoints/last.safetensors").string());
  const Safetensors b = Safetensors::read(file("b/checkpoints/last.safetensors").string());
  ASSERT_EQ(a.tensors().size(), b.tensors().size());
  for (const StoredTensor& tensor : a.tensors())
    EXPECT_EQ(a.doubles(tensor.name), b.doubles(tensor.name)) << tensor.name;
}

TEST_F(TrainCliTest, InterruptedAndResumedEndsInTheSameBytes) {
  ASSERT_EQ(train({"--out", "whole", "--quiet"}).code, 0);
  for (const int signal : {SIGINT, SIGTERM}) {
    const std::string run = signal == SIGINT ? "interrupted" : "terminated";
    std::vector<std::string> words = command({"--out", run});
    words.insert(words.begin(), POSECU_PROGRAM);
    RunningProgram program(words, folder_.path());
    ASSERT_TRUE(program.wait_for_message("step 1/60"));
    program.signal(signal);
    const ProgramResult stopped = program.wait();
    EXPECT_EQ(stopped.code, signal == SIGINT ? 130 : 143) << stopped.err;
    EXPECT_THAT(stopped.err, HasSubstr("go on: posecu train --resume " + run));
    const ProgramResult resumed = resume(run);
    ASSERT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_THAT(resumed.err, HasSubstr("going on after step"));
    EXPECT_EQ(checkpoint(run), checkpoint("whole"));
    EXPECT_EQ(checkpoint(run, "best"), checkpoint("whole", "best"));
  }
}

TEST_F(TrainCliTest, KilledAndResumedEndsInTheSameBytes) {
  ASSERT_EQ(train({"--out", "whole", "--quiet"}).code, 0);
  std::vector<std::string> words = command({"--out", "killed"});
  words.insert(words.begin(), POSECU_PROGRAM);
  RunningProgram program(words, folder_.path());
  ASSERT_TRUE(program.wait_for_message("step 20: AP"));
  program.signal(SIGKILL);
  ASSERT_EQ(program.wait().code, -SIGKILL);
  const ProgramResult resumed = resume("killed");
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(checkpoint("killed"), checkpoint("whole"));
}

TEST_F(TrainCliTest, ASecondSignalEndsAtOnceAndTheRunStillResumes) {
  ASSERT_EQ(train({"--out", "whole", "--quiet"}).code, 0);
  std::vector<std::string> words = command({"--out", "run"});
  words.insert(words.begin(), POSECU_PROGRAM);
  RunningProgram program(words, folder_.path());
  ASSERT_TRUE(program.wait_for_message("step 20: AP"));
  program.signal(SIGINT);
  program.signal(SIGTERM);
  const ProgramResult stopped = program.wait();
  EXPECT_TRUE(stopped.code == 130 || stopped.code == 143) << stopped.code;
  ASSERT_EQ(resume("run").code, 0);
  EXPECT_EQ(checkpoint("run"), checkpoint("whole"));
}

TEST_F(TrainCliTest, WithoutASetToEvaluateOnTheLastCheckpointStandsForTheRun) {
  const std::vector<std::string> words{"train",
                                       "model.width=8",
                                       "model.blocks=1",
                                       "model.modules=[1,1,1]",
                                       "data.root=" + one_picture_set().string(),
                                       "data.train=[train]",
                                       "data.val=",
                                       "train.input_size=64",
                                       "train.batch=1",
                                       "train.steps=3",
                                       "--out",
                                       "run"};
  const ProgramResult trained = run_posecu(words, folder_.path());
  ASSERT_EQ(trained.code, 0) << trained.err;
  const ProgramResult again = resume("run");
  EXPECT_EQ(again.code, 0) << again.err;
  const ProgramResult scored =
      run_posecu({"eval", "run", "data.val=train", "eval.input_size=64", "--quiet"}, folder_.path());
  EXPECT_EQ(scored.code, 0) << scored.err;
}

TEST_F(TrainCliTest, RefusesAFolderThatIsNotEmptyOrInUse) {
  std::filesystem::create_directory(file("full"));
  write_file_atomically(file("full/something").string(), "");
  ProgramResult result = train({"--out", "full"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("full"));

  std::vector<std::string> words = command({"--out", "run"});
  words.insert(words.begin(), POSECU_PROGRAM);
  RunningProgram program(words, folder_.path());
  ASSERT_TRUE(program.wait_for_message("step 1/60"));
  result = resume("run");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("in use"));
  EXPECT_EQ(train({"--out", "run"}).code, 2);
}

TEST_F(TrainCliTest, RefusesWhatCannotBecomeATraining) {
  const ProgramResult both = train({"--out", "run", "train.epochs=3"});
  EXPECT_EQ(both.code, 2);
  EXPECT_THAT(both.err, HasSubstr("train.steps (command line) and train.epochs (command line) are both given"));
  EXPECT_EQ(train({}).code, 2) << "no folder";
  EXPECT_EQ(train({"--out", "a", "--resume", "b"}).code, 2);
  EXPECT_EQ(resume("nowhere").code, 2);
  EXPECT_EQ(run_posecu({"train", "--out", "run"}, folder_.path()).code, 2) << "neither steps nor epochs";
  EXPECT_EQ(run_posecu({"train", "train.steps=1", "--out", "run"}, folder_.path()).code, 2) << "no data.root";
  const ProgramResult missing =
      run_posecu({"train", "train.steps=1", "data.root=nowhere", "--out", "run"}, folder_.path());
  EXPECT_EQ(missing.code, 3);
  EXPECT_THAT(missing.err, HasSubstr("nowhere/annotations/person_keypoints_train2017.json"));
  const ProgramResult precision = train({"--out", "run", "--device", "cpu", "train.precision=bf16"});
  EXPECT_EQ(precision.code, 2);
  EXPECT_THAT(precision.err, HasSubstr("train.precision=bf16 needs a GPU"));
  EXPECT_FALSE(std::filesystem::exists(file("run"))) << "a command that is refused leaves nothing behind";
}

TEST_F(TrainCliTest, BeginsWithAnotherNetworksBackbone) {
  write_weights(file("other.safetensors"), {Head::higherhrnet, 8, 1, {1, 1, 1}, 14, 1});
  const ProgramResult other = train({"--out", "run", "model.init=other.safetensors"});
  EXPECT_EQ(other.code, 3) << other.err;
  EXPECT_THAT(other.err, HasSubstr("other.safetensors: "));
  write_weights(file("wide.safetensors"), {Head::higherhrnet, 16, 1, {1, 1, 1}, 17, 8});
  const ProgramResult wide = train({"--out", "run", "model.init=wide.safetensors"});
  EXPECT_EQ(wide.code, 3);
  write_weights(file("same.safetensors"), kTinyNetwork);
  const ProgramResult same = train({"--out", "run", "model.init=same.safetensors"});
  EXPECT_EQ(same.code, 0) << same.err;
  EXPECT_THAT(same.err, HasSubstr(" 0 missing, 0 unused"));
}

}  // namespace
}  // namespace posecu
