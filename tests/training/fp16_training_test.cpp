// The loss scale of fp16 in a whole training: kept over a stop, halved on overflow, and no reason to stop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "tests/support/device.h"
#include "tests/support/golden.h"
#include "tests/training/tiny_run.h"
#include "training/checkpoint.h"

namespace posecu {
namespace {

using testing::Contains;
using testing::HasSubstr;

class Fp16Training : public testing::Test {
 protected:
  void SetUp() override {
    options_.precision = Precision::fp16;
    options_.train = tiny_train_options();
    options_.train.timetable.length = 20;
  }

  std::string run(const std::string& name) const { return (temporary_.path() / name).string(); }
  std::string last(const std::string& name) const { return run(name) + "/checkpoints/last.safetensors"; }
  TinyResult go(const std::string& name, std::int64_t stop_after = -1) {
    options_.stop_after = stop_after;
    return train_tiny(data_, run(name), options_);
  }

  // Calls change(state) with a checkpoint's and writes it anew; gives back the state of before.
  template <class Change>
  TrainingState rewrite(const std::string& path, const Change& change) {
    Context context(test_context_options({.threads = 1, .memory = std::size_t{1} << 28}));
    Parameters parameters;
    Network network(parameters, tiny_network(options_.head, data_.skeleton.size()));
    parameters.allocate(context, Parameters::Gradients::allocate);
    Adam adam(context, parameters, {});
    const Safetensors file = read_checkpoint(path);
    TrainingState state = restore_checkpoint(file, parameters, adam);
    TrainingState before = state;
    change(state);
    write_checkpoint(path, parameters, adam, state,
                     {file.metadata().at(std::string(kConfigKey)), file.metadata().at(std::string(kSkeletonKey))});
    return before;
  }

  TemporaryFolder temporary_;
  DataSet data_ = make_tiny_data((temporary_.path() / "data").string(), 5);
  TinyOptions options_;
};

TEST_F(Fp16Training, ResumedEndsInTheSameBytes) {
  EXPECT_EQ(go("straight").end, TrainEnd::finished);
  go("stopped", 8);
  EXPECT_EQ(go("stopped").end, TrainEnd::finished);
  EXPECT_EQ(read_file(last("stopped")), read_file(last("straight")));
  const TrainingState state = rewrite(last("straight"), [](TrainingState&) {});
  ASSERT_TRUE(state.loss_scale);
  EXPECT_EQ(state.loss_scale->value, 65536);
  EXPECT_EQ(state.loss_scale->good_steps, 20);
}

// Twelve steps in a row, where ten with values that are not finite end a training.
TEST_F(Fp16Training, GoesOnAfterManyOverflows) {
  go("run", 8);
  rewrite(run("run") + "/checkpoints/step_00000008.safetensors", [](TrainingState& state) {
    state.loss_scale = LossScale{0x1p90F, 3};
  });
  const TinyResult result = go("run");
  EXPECT_EQ(result.end, TrainEnd::finished);
  EXPECT_THAT(result.messages, Contains(HasSubstr("step 9: gradients too large for fp16 at a loss scale of 1.2379")));
  const TrainingState state = rewrite(last("run"), [](TrainingState&) {});
  EXPECT_EQ(state.skipped, 12);
  EXPECT_EQ(state.skipped_row, 0);
  EXPECT_EQ(state.loss_scale->value, 0x1p78F);
}

}  // namespace
}  // namespace posecu
