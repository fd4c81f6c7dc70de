#include "training/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "core/error.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

const RunTexts kTexts{"a = 1\n", "name = 'coco'\n", "posecu train a=1", "two cores\n"};

class RunFolderTest : public testing::Test {
 protected:
  std::string run() const { return (temporary_.path() / "run").string(); }
  std::string text(const std::string& file) const { return read_text_file(run() + '/' + file); }
  void touch(const std::string& file) const { std::ofstream(run() + '/' + file) << "x"; }

  // Makes a run folder that no process holds.
  void make_run() const { RunFolder(run(), RunFolder::Start::fresh).write(kTexts); }

  TemporaryFolder temporary_;
};

TEST_F(RunFolderTest, HoldsTheTextsOfAFreshRun) {
  make_run();
  EXPECT_EQ(text("config.toml"), "a = 1\n");
  EXPECT_EQ(text("skeleton.toml"), "name = 'coco'\n");
  EXPECT_EQ(text("command.txt"), "posecu train a=1\n");
  EXPECT_EQ(text("environment.txt"), "two cores\n");
}

TEST_F(RunFolderTest, AddsToTheTextsOfAResumedRunAndReplacesItsConfiguration) {
  make_run();
  const RunFolder folder(run(), RunFolder::Start::resumed);
  EXPECT_EQ(folder.config(), "a = 1\n");
  folder.write({"a = 2\n", "name = 'coco'\n", "posecu train --resume", "four cores\n"});
  EXPECT_EQ(folder.config(), "a = 2\n");
  EXPECT_EQ(text("command.txt"), "posecu train a=1\nposecu train --resume\n");
  EXPECT_EQ(text("environment.txt"), "two cores\n\nfour cores\n");
}

TEST_F(RunFolderTest, KeepsTheEnginesOfConvolutions) {
  const RunFolder folder(run(), RunFolder::Start::fresh);
  EXPECT_EQ(folder.plans(), "");
  folder.write_plans("");
  EXPECT_FALSE(fs::exists(run() + "/plans.txt"));
  folder.write_plans("# NVIDIA H200, cuDNN 9.19.0\nforward A: eng1\n");
  EXPECT_EQ(text("plans.txt"), "# NVIDIA H200, cuDNN 9.19.0\nforward A: eng1\n");
  EXPECT_EQ(folder.plans(), text("plans.txt"));
  folder.write_plans("");  // it goes on without a GPU
  EXPECT_FALSE(fs::exists(run() + "/plans.txt"));
}

TEST_F(RunFolderTest, RefusesAFolderThatHoldsAnythingAndLeavesNothingInIt) {
  fs::create_directory(run());
  touch("holiday.jpg");
  EXPECT_THAT([&] { RunFolder(run(), RunFolder::Start::fresh); },
              ThrowsMessage<UsageError>(AllOf(HasSubstr(run()), HasSubstr("expected an empty or new folder"))));
  EXPECT_FALSE(fs::exists(run() + "/lock"));
}

TEST_F(RunFolderTest, NamesResumeWhereTheFolderIsARun) {
  make_run();
  EXPECT_THAT([&] { RunFolder(run(), RunFolder::Start::fresh); },
              ThrowsMessage<UsageError>(HasSubstr("--resume " + run())));
}

TEST_F(RunFolderTest, RefusesAFileAsFolder) {
  std::ofstream(run()) << "x";
  EXPECT_THROW(RunFolder(run(), RunFolder::Start::fresh), UsageError);
}

TEST_F(RunFolderTest, RefusesToResumeWhatIsNoRun) {
  EXPECT_THROW(RunFolder(run(), RunFolder::Start::resumed), UsageError);
  fs::create_directory(run());
  EXPECT_THAT([&] { RunFolder(run(), RunFolder::Start::resumed); },
              ThrowsMessage<UsageError>(HasSubstr("found no config.toml")));
}

TEST_F(RunFolderTest, RefusesAFolderThatIsInUse) {
  make_run();
  const RunFolder first(run(), RunFolder::Start::resumed);
  EXPECT_THAT([&] { RunFolder(run(), RunFolder::Start::resumed); },
              ThrowsMessage<UsageError>(AllOf(HasSubstr(run()), HasSubstr("in use"))));
}

TEST_F(RunFolderTest, IsFreeAgainAfterAnAttemptThatLeftOnlyTheLock) {
  { const RunFolder first(run(), RunFolder::Start::fresh); }
  EXPECT_NO_THROW(RunFolder(run(), RunFolder::Start::fresh));
}

TEST_F(RunFolderTest, IsFreeAgainAfterAStartThatWasKilledBeforeItsConfiguration) {
  std::filesystem::create_directory(run());
  for (const char* file : {"lock", "command.txt", "environment.txt", "skeleton.toml.part"}) touch(file);
  make_run();
  EXPECT_EQ(text("command.txt"), "posecu train a=1\n");
  EXPECT_FALSE(std::filesystem::exists(run() + "/skeleton.toml.part"));
}

TEST_F(RunFolderTest, KeepsFilesThatNoStartLeft) {
  std::filesystem::create_directory(run());
  for (const char* file : {"command.txt", "skeleton.toml"}) {
    touch(file);
    EXPECT_THROW(RunFolder(run(), RunFolder::Start::fresh), UsageError);
    EXPECT_EQ(text(file), "x");
  }
}

TEST_F(RunFolderTest, RemovesWhatAKilledProcessLeftHalfWritten) {
  make_run();
  touch("metrics.csv.part");
  const RunFolder folder(run(), RunFolder::Start::resumed);
  EXPECT_FALSE(fs::exists(run() + "/metrics.csv.part"));
}

TEST_F(RunFolderTest, IsWonByExactlyOneOfTwoProcessesThatStartTogether) {
  for (int race = 0; race < 20; ++race) {
    const std::string path = (temporary_.path() / std::to_string(race)).string();
    int gate[2], done[2];
    ASSERT_EQ(pipe(gate), 0);
    ASSERT_EQ(pipe(done), 0);
    std::array<pid_t, 2> children{};
    for (pid_t& child : children) {
      child = fork();
      if (child != 0) continue;
      close(gate[1]), close(done[1]);
      char byte = 0;
      (void)!read(gate[0], &byte, 1);  // until the parent closes its end
      std::optional<RunFolder> folder;
      try {
        folder.emplace(path, RunFolder::Start::fresh);
        folder->write(kTexts);
      } catch (const UsageError&) {
        _exit(2);
      }
      (void)!read(done[0], &byte, 1);  // holds the lock until both have tried
      _exit(0);
    }
    close(gate[0]), close(gate[1]), close(done[0]);
    int lost = 0;
    ASSERT_GT(wait(&lost), 0);  // the loser ends first: the winner waits
    close(done[1]);
    int won = 0;
    ASSERT_GT(wait(&won), 0);
    EXPECT_EQ(WEXITSTATUS(lost), 2);
    EXPECT_EQ(WEXITSTATUS(won), 0);
  }
}

TEST_F(RunFolderTest, StandsForItsBestCheckpointElseItsLast) {
  make_run();
  EXPECT_THROW(checkpoint_of_run(run()), InputError);
  fs::create_directory(run() + "/checkpoints");
  touch("checkpoints/last.safetensors");
  EXPECT_EQ(checkpoint_of_run(run()), run() + "/checkpoints/last.safetensors");
  touch("checkpoints/best.safetensors");
  EXPECT_EQ(checkpoint_of_run(run()), run() + "/checkpoints/best.safetensors");
}

}  // namespace
}  // namespace posecu
