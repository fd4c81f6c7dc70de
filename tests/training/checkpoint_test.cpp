#include "training/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "core/file.h"
#include "core/random.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/golden.h"
#include "tests/training/checkpoint_fixture.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

TrainingState some_state() {
  return {.step = (std::int64_t{1} << 40) + 3,
          .epoch = 12,
          .batch = 5,
          .batches_per_epoch = 9,
          .skipped = 4,
          .skipped_row = 2,
          .evaluated = Evaluated::yes,
          .best_score = 0.1 + 0.2,
          .best_step = 77,
          .threads = 3,
          .plans = "# NVIDIA H200, cuDNN 9.19.0\nforward \"bf16\": eng1_k2=3\n"};
}

TEST_F(CheckpointTest, GivesBackEveryBitAndEveryNumber) {
  Net saved(1), loaded(2);
  write_checkpoint(path("a.safetensors"), saved.parameters, *saved.adam, some_state(), kTexts);
  const Safetensors file = read_checkpoint(path("a.safetensors"));
  const TrainingState state = restore_checkpoint(file, loaded.parameters, *loaded.adam);
  EXPECT_EQ(loaded.values(), saved.values());
  EXPECT_EQ(loaded.adam->updates(), saved.adam->updates());
  const TrainingState expected = some_state();
  EXPECT_EQ(state.step, expected.step);
  EXPECT_EQ(state.epoch, expected.epoch);
  EXPECT_EQ(state.batch, expected.batch);
  EXPECT_EQ(state.batches_per_epoch, expected.batches_per_epoch);
  EXPECT_EQ(state.skipped, expected.skipped);
  EXPECT_EQ(state.skipped_row, expected.skipped_row);
  EXPECT_EQ(state.evaluated, expected.evaluated);
  EXPECT_EQ(state.best_score, expected.best_score);
  EXPECT_EQ(state.best_step, expected.best_step);
  EXPECT_EQ(state.threads, expected.threads);
  EXPECT_EQ(state.plans, expected.plans);
  EXPECT_EQ(file.metadata().at("config"), kTexts.config);
  EXPECT_EQ(file.metadata().at("skeleton"), kTexts.skeleton);
}

TEST_F(CheckpointTest, KeepsThatNothingWasBestYet) {
  Net net(1);
  write_checkpoint(path("a.safetensors"), net.parameters, *net.adam, {}, kTexts);
  EXPECT_FALSE(
      restore_checkpoint(read_checkpoint(path("a.safetensors")), net.parameters, *net.adam).best_score.has_value());
}

TEST_F(CheckpointTest, IsAWeightsFileUnderTheOfficialNames) {
  Net net(1);
  write_checkpoint(path("a.safetensors"), net.parameters, *net.adam, {}, kTexts);
  std::vector<std::string> weights;
  const Safetensors file = Safetensors::read(path("a.safetensors"));
  for (const StoredTensor& tensor : file.tensors()) {
    if (!tensor.name.starts_with(kOptimizerPrefix)) weights.push_back(tensor.name);
  }
  EXPECT_THAT(weights, testing::ElementsAre("backbone.conv1.weight", "backbone.bn1.running_mean", "head.bias"));
}

TEST_F(CheckpointTest, HasTheSameBytesForTheSameState) {
  Net net(1);
  write_checkpoint(path("a"), net.parameters, *net.adam, some_state(), kTexts);
  write_checkpoint(path("b"), net.parameters, *net.adam, some_state(), kTexts);
  EXPECT_EQ(read_file(path("a")), read_file(path("b")));
}

TEST_F(CheckpointTest, FindsEveryFlippedBitAndEveryTruncation) {
  Net net(1);
  const std::string name = "a.safetensors";
  write_checkpoint(path(name), net.parameters, *net.adam, some_state(), kTexts);
  const auto whole = static_cast<std::size_t>(fs::file_size(path(name)));
  int tried = 0;
  for (std::size_t byte = 0; byte < whole; ++byte, ++tried) {
    flip_bit(name, byte);
    EXPECT_THROW(read_checkpoint(path(name)), InputError) << "byte " << byte;
    flip_bit(name, byte);
  }
  EXPECT_NO_THROW(read_checkpoint(path(name)));
  for (std::size_t size = whole; size-- > 0; ++tried) {
    fs::resize_file(path(name), size);
    EXPECT_THROW(read_checkpoint(path(name)), InputError) << size << " bytes";
  }
  EXPECT_GT(tried, 2000);
}

TEST_F(CheckpointTest, RefusesAnotherNetworkAndChangesNothing) {
  Net saved(1, 5), other(2, 6);
  write_checkpoint(path("a"), saved.parameters, *saved.adam, some_state(), kTexts);
  const Safetensors file = read_checkpoint(path("a"));
  const std::vector<float> before = other.values();
  EXPECT_THAT([&] { restore_checkpoint(file, other.parameters, *other.adam); },
              ThrowsMessage<InputError>(
                  AllOf(HasSubstr("backbone.conv1.weight"), HasSubstr("[6,3,3,3]"), HasSubstr("[5,3,3,3]"))));
  EXPECT_EQ(other.values(), before);
}

TEST_F(CheckpointTest, RefusesPlainWeights) {
  const std::vector<float> values(4);
  write_safetensors(path("a"), std::vector<StoredTensor>{{"w", DataType::f32, {4}, std::as_bytes(std::span(values))}},
                    {});
  EXPECT_THAT([&] { read_checkpoint(path("a")); }, ThrowsMessage<InputError>(HasSubstr("no checkpoint")));
}

TEST_F(CheckpointTest, KeepsTheNewestTheLastAndTheBest) {
  Net net(1);
  save(folder(), net, 50, 50);
  for (const std::int64_t step : {100, 150, 1000}) save(folder(), net, step, 50);
  EXPECT_THAT(names(), testing::ElementsAre("best.safetensors", "last.safetensors", "step_00000150.safetensors",
                                            "step_00001000.safetensors"));
  EXPECT_EQ(restore_checkpoint(read_checkpoint(path("best.safetensors")), net.parameters, *net.adam).step, 50);
  EXPECT_EQ(restore_checkpoint(read_checkpoint(path("last.safetensors")), net.parameters, *net.adam).step, 1000);
}

TEST_F(CheckpointTest, WritesAStepAgainUnderAllItsNames) {
  Net first(1), second(2);
  save(folder(), first, 50, 50);
  save(folder(), second, 50, 50);
  for (const char* name : {"best.safetensors", "last.safetensors", "step_00000050.safetensors"}) {
    Net loaded(3);
    restore_checkpoint(read_checkpoint(path(name)), loaded.parameters, *loaded.adam);
    EXPECT_EQ(loaded.values(), second.values()) << name;
  }
}

TEST_F(CheckpointTest, GoesOnFromTheNewestThatIsWholeAndSaysSo) {
  Net older(1), newer(2), loaded(3);
  save(folder(), older, 100);
  save(folder(), newer, 200);
  flip_bit("step_00000200.safetensors", fs::file_size(path("step_00000200.safetensors")) - 20);
  const auto state = load(loaded);
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->step, 100);
  EXPECT_EQ(loaded.values(), older.values());
  ASSERT_EQ(messages_.size(), 1U);
  EXPECT_THAT(messages_[0], AllOf(HasSubstr("step_00000200.safetensors"), HasSubstr("damaged")));
  EXPECT_TRUE(fs::exists(path("step_00000200.safetensors.damaged")));
  EXPECT_EQ(restore_checkpoint(read_checkpoint(path("last.safetensors")), loaded.parameters, *loaded.adam).step, 100);
}

TEST_F(CheckpointTest, RefusesToGoOnWhenAllAreDamagedAndLeavesThemInPlace) {
  Net net(1);
  save(folder(), net, 100);
  save(folder(), net, 200);
  for (const char* name : {"step_00000100.safetensors", "step_00000200.safetensors"}) flip_bit(name, 1000);
  const auto before = names();
  EXPECT_THAT([&] { load(net); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("none of the checkpoints"), HasSubstr("step_00000200"))));
  EXPECT_EQ(names(), before);
}

TEST_F(CheckpointTest, LeavesTheCheckpointsOfAnotherNetworkInPlace) {
  Net saved(1, 5), other(1, 6);
  save(folder(), saved, 100);
  const auto before = names();
  EXPECT_THROW(load(other), InputError);
  EXPECT_EQ(names(), before);
}

TEST_F(CheckpointTest, GoesOnFromTheLastWhereOnlyThatWasKept) {
  Net net(1);
  save(folder(), net, 100, 100);
  fs::remove(path("step_00000100.safetensors"));
  fs::remove(path("best.safetensors"));
  const auto state = load(net);
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->step, 100);
  EXPECT_THAT(names(), testing::ElementsAre("best.safetensors", "last.safetensors", "step_00000100.safetensors"));
}

TEST_F(CheckpointTest, HasNothingToGoOnFromInAnEmptyFolder) {
  Net net(1);
  EXPECT_FALSE(load(net).has_value());
  EXPECT_TRUE(messages_.empty());
}

TEST_F(CheckpointTest, GivesTheBestItsNameAfterACrashBetweenTheTwo) {
  Net net(1);
  save(folder(), net, 50, 50);
  save(folder(), net, 100, 100);
  fs::remove(path("best.safetensors"));
  fs::copy(path("step_00000050.safetensors"), path("best.safetensors"));  // as the crash left it
  load(net);
  EXPECT_EQ(read_file(path("best.safetensors")), read_file(path("step_00000100.safetensors")));
}

TEST_F(CheckpointTest, RemovesHalfWrittenFilesAtTheStart) {
  std::ofstream(path("step_00000001.safetensors.part")) << "x";
  std::ofstream(path("best.safetensors.part")) << "x";
  folder();
  EXPECT_TRUE(names().empty());
}

TEST_F(CheckpointTest, LeavesOtherFilesAlone) {
  std::ofstream(path("step_12_mine.safetensors")) << "x";
  std::ofstream(path("notes.txt")) << "x";
  Net net(1);
  for (const std::int64_t step : {1, 2, 3}) save(folder(1), net, step);
  EXPECT_THAT(names(), testing::ElementsAre("last.safetensors", "notes.txt", "step_00000003.safetensors",
                                            "step_12_mine.safetensors"));
}

TEST_F(CheckpointTest, LeavesTheOldOnesWhenTheDiskIsFull) {
  Net older(1), newer(2), loaded(3);
  save(folder(1), older, 100, 100);
  const auto before = names();
  const auto size = fs::file_size(path("last.safetensors"));
  for (const std::uintmax_t limit : {std::uintmax_t{0}, std::uintmax_t{7}, size / 2, size - 1}) {
    const FileSizeLimit full(limit);
    EXPECT_THROW(save(folder(1), newer, 200, 200), MachineError) << limit;
  }
  EXPECT_EQ(names(), before);
  EXPECT_EQ(load(loaded)->step, 100);
  EXPECT_EQ(loaded.values(), older.values());
}

}  // namespace
}  // namespace posecu
