// `posecu forward` gives the official code's tensors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/file.h"
#include "core/safetensors.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_network.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class ForwardCliTest : public testing::Test {
 protected:
  // The golden case higher_k5_m4_n2 (tests/goldens/README.md, section 1).
  void SetUp() override {
    write_weights(file("weights.safetensors"), {Head::higherhrnet, 8, 1, {1, 1, 1}, 5, 4}, {"", 0.4, 0.4});
    write_input(file("input.safetensors"), "input", 2, 64, 64);
  }
  std::filesystem::path file(const char* name) const { return folder_.path() / name; }
  ProgramResult forward(std::vector<std::string> more = {}) {
    std::vector<std::string> words{"forward", "weights.safetensors", "input.safetensors", "--out", "maps.safetensors"};
    words.insert(words.end(), more.begin(), more.end());
    return run_posecu(words, folder_.path());
  }
  void expect_golden(const std::string& mode) const {
    const auto expected = Safetensors::read((mini_goldens() / "forward/higher_k5_m4_n2/expected.safetensors").string());
    const auto found = Safetensors::read(file("maps.safetensors").string());
    for (const std::string name : {"heatmaps0", "heatmaps1", "tagmaps"}) {
      ASSERT_EQ(found.at(name).shape, expected.at(mode + name).shape);
      const std::vector<double> right = expected.doubles(mode + name), ours = found.doubles(name);
      double largest = 0;
      for (const double value : right) largest = std::max(largest, std::abs(value));
      for (std::size_t i = 0; i < right.size(); ++i) ASSERT_NEAR(ours[i], right[i], 5e-5 * largest) << name << i;
    }
  }

  TemporaryFolder folder_;
};

TEST_F(ForwardCliTest, EqualsTheOfficialOutputs) {
  const ProgramResult result = forward();
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "");
  expect_golden("eval.");
}

TEST_F(ForwardCliTest, NeedsAGpuForOtherPrecisions) {
  const ProgramResult result = forward({"eval.precision=fp16", "--device", "cpu"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, testing::HasSubstr("eval.precision=fp16 needs a GPU"));
}

TEST_F(ForwardCliTest, EqualsTheOfficialOutputsWithBatchStatistics) {
  const ProgramResult result = forward({"--batch-statistics", "--quiet", "--threads", "1"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  expect_golden("train.");
}

TEST_F(ForwardCliTest, GivesTheSameBytesWithoutGraphs) {
  ASSERT_EQ(forward().code, 0);
  const std::string expected = read_text_file(file("maps.safetensors").string());
  const ProgramResult result = forward({"--no-graph"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(read_text_file(file("maps.safetensors").string()), expected);
  for (const char* verb : {"train", "eval", "predict", "bench", "forward"})
    EXPECT_THAT(run_posecu({verb, "--help"}).out, HasSubstr("--no-graph")) << verb;
}

TEST_F(ForwardCliTest, TellsWhyADeviceIsNotThere) {
  const ProgramResult result = forward({"--device", "cuda:0"});
  EXPECT_EQ(result.code, 4);
  EXPECT_THAT(result.err, AnyOf(HasSubstr("built without CUDA"), HasSubstr("no NVIDIA driver")));
  EXPECT_THAT(result.err, HasSubstr("try --device cpu"));
  EXPECT_EQ(std::ranges::count(result.err, '\n'), 1);
}

TEST_F(ForwardCliTest, TakesMeasuredEnginesOnAGpuAlone) {
  const ProgramResult result = forward({"--tuned", "--device", "cpu"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("--tuned: engines are measured for GPUs"));
  const ProgramResult resumed = run_posecu({"train", "--resume", "run", "--tuned"});
  EXPECT_EQ(resumed.code, 2);
  EXPECT_THAT(resumed.err, HasSubstr("--tuned is for a new run"));
}

TEST_F(ForwardCliTest, RefusesWrongOptions) {
  EXPECT_EQ(forward({"--device", "gpu"}).code, 2);
  EXPECT_EQ(forward({"--device", "cuda:x"}).code, 2);
  EXPECT_EQ(forward({"--threads", "0"}).code, 2);
  EXPECT_EQ(forward({"--threads", "two"}).code, 2);
  EXPECT_EQ(forward({"--threads"}).code, 2);
}

TEST_F(ForwardCliTest, EveryCutOfTheWeightsIsRefusedByName) {
  const std::string whole = read_text_file(file("weights.safetensors").string());
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{7}, std::size_t{8}, std::size_t{5000}, whole.size() / 2, whole.size() - 1}) {
    write_file_atomically(file("weights.safetensors").string(), whole.substr(0, length));
    const ProgramResult result = forward();
    EXPECT_EQ(result.code, 3) << length;
    EXPECT_THAT(result.err, HasSubstr("posecu: weights.safetensors: ")) << length;
  }
}

TEST_F(ForwardCliTest, RefusesInputsOfAnotherShape) {
  const std::vector<float> values(3 * 64 * 48, 0.f);
  const StoredTensor wrong_size{"input", DataType::f32, {1, 3, 64, 48}, std::as_bytes(std::span(values))};
  write_safetensors(file("input.safetensors").string(), std::span(&wrong_size, 1), {});
  ProgramResult result = forward();
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("input.safetensors: tensor input: expected [N,3,H,W]"));
  const StoredTensor wrong_name{"image", DataType::f32, {1, 3, 64, 48}, std::as_bytes(std::span(values))};
  write_safetensors(file("input.safetensors").string(), std::span(&wrong_name, 1), {});
  result = forward();
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("input.safetensors: "));
}

TEST_F(ForwardCliTest, RefusesAnOutputFolderThatIsNotThere) {
  const ProgramResult result = run_posecu(
      {"forward", "weights.safetensors", "input.safetensors", "--out", "nowhere/maps.safetensors"}, folder_.path());
  EXPECT_EQ(result.code, 4);
  EXPECT_THAT(result.err, HasSubstr("nowhere/maps.safetensors"));
}

}  // namespace
}  // namespace posecu
