// Saving on a disk that fails, or in a process that is killed, at each single call that a save makes.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "core/error.h"
#include "tests/support/failing_calls.h"
#include "tests/training/checkpoint_fixture.h"
#include "tests/training/tiny_run.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using How = FailingCalls::How;

class DiskFaultTest : public CheckpointTest {
 protected:
  // `older` is saved as step 100, then nothing stands in the way of what a test does.
  void begin() {
    fs::remove_all(temporary_.path());
    fs::create_directory(temporary_.path());
    save(folder(1), older_, 100, 100);
  }
  // What stands under every name is whole and one of the two; the folder can be gone on with.
  void expect_a_good_checkpoint(const std::string& when, bool saved) {
    Net loaded(3);
    const auto state = load(loaded);
    ASSERT_TRUE(state.has_value()) << when;
    EXPECT_TRUE(messages_.empty()) << when << ": " << messages_.front();
    EXPECT_TRUE(state->step == 200 || (state->step == 100 && !saved)) << when;
    EXPECT_EQ(loaded.values(), (state->step == 200 ? newer_ : older_).values()) << when;
    for (const char* name : {"last.safetensors", "best.safetensors"})
      EXPECT_NO_THROW(read_checkpoint(path(name))) << when;
    for (const std::string& name : names()) EXPECT_EQ(name.find(".part"), std::string::npos) << when << ": " << name;
    save(folder(1), newer_, 300);
    EXPECT_EQ(load(loaded)->step, 300) << when;
  }

  Net older_{1}, newer_{2};
};

TEST_F(DiskFaultTest, EveryCallOfASaveMayFailOnceOrForGood) {
  for (const How how : {How::once, How::for_good}) {
    std::int64_t calls = 0;
    for (std::int64_t nth = 1; calls == 0; ++nth) {
      begin();
      bool saved = true;
      {
        const FailingCalls disk(nth, how, nth % 2 == 0 ? ENOSPC : EIO);
        try {
          save(folder(1), newer_, 200, 200);
        } catch (const MachineError&) {
          saved = false;
        } catch (const fs::filesystem_error&) {
          saved = false;
        }
        if (disk.seen() < nth) calls = nth - 1;
      }
      expect_a_good_checkpoint(
          "call " + std::to_string(nth) + (how == How::once ? " failed" : " and all after it failed"), saved);
    }
    EXPECT_GE(calls, 10);
    std::printf("disk faults: each of %d calls of a save\n", static_cast<int>(calls));
  }
}

TEST_F(DiskFaultTest, WritesThatTakeAHalfOrAreInterruptedGoOn) {
  for (const How how : {How::half, How::interrupted})
    for (std::int64_t nth = 1; nth <= 12; ++nth) {
      begin();
      {
        const FailingCalls disk(nth, how, 0);
        save(folder(1), newer_, 200, 200);
      }
      expect_a_good_checkpoint("call " + std::to_string(nth), true);
    }
}

TEST_F(DiskFaultTest, TheProcessMayBeKilledAtEveryCallOfASave) {
  int killed = 0;
  for (std::int64_t nth = 1;; ++nth) {
    begin();
    const pid_t child = fork();
    if (child == 0) {
      die_at_call(nth);
      save(folder(1), newer_, 200, 200);
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status)) break;
    ++killed;
    expect_a_good_checkpoint("killed at call " + std::to_string(nth), false);
  }
  EXPECT_GE(killed, 10);
}

// A disk that stays full: twenty saves fail, and the checkpoint of before is what it was.
TEST_F(DiskFaultTest, TwentySavesOnAFullDiskLeaveTheOldOne) {
  begin();
  const auto before = names();
  for (int number = 0; number < 20; ++number) {
    const FailingCalls disk(2 + number % 3, How::for_good, ENOSPC);  // the disk is full from its first or a later write
    EXPECT_THROW(save(folder(1), newer_, 200 + number), MachineError);
  }
  EXPECT_EQ(names(), before);
  Net loaded(3);
  EXPECT_EQ(load(loaded)->step, 100);
  EXPECT_EQ(loaded.values(), older_.values());
}

// A training whose log, evaluation and save after step 5 meet a call that fails.
struct FaultyRun {
  bool finished = false;
  std::int64_t calls = 0;  // until step 6
};
FaultyRun train_with_a_fault(const DataSet& data, const std::string& run, std::int64_t nth) {
  FaultyRun result;
  std::optional<FailingCalls> disk;
  TinyOptions options{.train = tiny_train_options()};
  options.before_next = [&](std::int64_t step) {
    if (step == 5) disk.emplace(nth, How::once, ENOSPC);
    if (step != 6) return;
    result.calls = disk->seen();
    disk.reset();
  };
  try {
    train_tiny(data, run, options);
    result.finished = true;
  } catch (const MachineError&) {
  } catch (const fs::filesystem_error&) {
  }
  return result;
}

// Every call but those that write one tensor of many: of them, every tenth. Whatever fails, the run ends, and goes on
// to the bytes of one that met no fault.
TEST_F(DiskFaultTest, SlowATrainingGoesOnAfterAnyCallThatFailed) {
  const DataSet data = make_tiny_data(path("data"), 5);
  const auto last = [&](const std::string& run) { return read_file(path(run) + "/checkpoints/last.safetensors"); };
  const FaultyRun straight = train_with_a_fault(data, path("straight"), 1'000'000);
  ASSERT_TRUE(straight.finished);
  ASSERT_GT(straight.calls, 40);
  int ended = 0;
  for (std::int64_t nth = 1; nth <= straight.calls; nth += nth < 20 || nth > straight.calls - 30 ? 1 : 10) {
    const std::string run = "run" + std::to_string(nth);
    ended += train_with_a_fault(data, path(run), nth).finished ? 0 : 1;
    train_tiny(data, path(run), {.train = tiny_train_options()});
    EXPECT_EQ(last(run), last("straight")) << "call " << nth << " of " << straight.calls;
    fs::remove_all(path(run));
  }
  EXPECT_GT(ended, 40);
}

}  // namespace
}  // namespace posecu
