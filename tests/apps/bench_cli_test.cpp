// `posecu bench` on a small network: the numbers are about what was run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/apps/program.h"

namespace posecu {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::IsSupersetOf;

const std::vector<std::string> kSmallBench{"bench",         "model.modules=[1,1,1]",
                                           "model.width=8", "model.blocks=1",
                                           "train.batch=2", "train.input_size=64",
                                           "--seconds",     "0",
                                           "--device",      "cpu"};

ProgramResult bench(std::vector<std::string> more) {
  more.insert(more.begin(), kSmallBench.begin(), kSmallBench.end());
  return run_posecu(more);
}

std::set<std::string> kinds_of(const Json& run) {
  std::set<std::string> kinds;
  for (const Json& row : run.at("kinds")) kinds.insert(row.at("kind").get<std::string>());
  return kinds;
}

TEST(BenchCliTest, CountsEveryOperationOfBothRuns) {
  const ProgramResult result = bench({"--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const Json report = Json::parse(result.out);
  EXPECT_GT(report.at("copy_gb_s"), 0);
  EXPECT_GT(report.at("matrix_gflop_s"), 0);
  ASSERT_EQ(report.at("runs").size(), 2);
  const Json &inference = report["runs"][0], &step = report["runs"][1];
  EXPECT_EQ(inference.at("batch"), 1);
  EXPECT_EQ(step.at("batch"), 2);
  EXPECT_THAT(kinds_of(inference), IsSupersetOf({"convolution", "convolution + sum", "fusion", "concatenation"}));
  EXPECT_THAT(kinds_of(step), IsSupersetOf({"convolution", "convolution dx", "convolution dw", "batch norm",
                                            "batch norm + sum", "batch norm backward", "fusion", "fusion backward",
                                            "heatmap loss", "embedding losses", "gradient norm", "Adam"}));
  // Backward multiplies twice as often as forward, but for the first convolution's gradient of the picture. A step has
  // two pictures.
  EXPECT_NEAR(step.at("gflop").get<double>() / inference.at("gflop").get<double>(), 6, 0.2);
}

// The first convolution of the network, 3x3 from 3 to 64 channels at half the size, has 2 * 32 * 32 * 64 * 27 products
// and sums.
TEST(BenchCliTest, CountsProductsAndBytes) {
  const ProgramResult result = bench({"--only", "inference", "--batch", "3", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const Json report = Json::parse(result.out);
  for (const Json& row : report.at("runs")[0].at("shapes")) {
    if (row.at("shape") != "3x64x64x3 to 64, 3x3 /2") continue;
    EXPECT_EQ(row.at("calls"), 1);
    EXPECT_NEAR(row.at("gflop").get<double>(), 3 * 2 * 32 * 32 * 64 * 27 / 1e9, 1e-12);
    EXPECT_NEAR(row.at("gigabytes").get<double>(), 4 * (3 * (64 * 64 * 3 + 32 * 32 * 64) + 64 * 27) / 1e9, 1e-12);
    return;
  }
  FAIL() << result.out;
}

TEST(BenchCliTest, ServesTimesInTurns) {
  const ProgramResult result = run_shell(
      "printf '2\\n3\\n' | posecu bench 'model.modules=[1,1,1]' model.width=8 model.blocks=1 train.batch=1 "
      "train.input_size=64 --device cpu --only losses --serve");
  ASSERT_EQ(result.code, 0) << result.err;
  std::istringstream lines(result.out);
  std::vector<std::size_t> words;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream numbers(line);
    words.push_back(0);
    for (double number = 0; numbers >> number; ++words.back()) EXPECT_GT(number, 0);
  }
  EXPECT_EQ(words, (std::vector<std::size_t>{3, 4}));  // the times, then bytes
}

TEST(BenchCliTest, TunesOnAGpuAlone) {
  const ProgramResult result = bench({"--tune"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("--device cuda"));
}

TEST(BenchCliTest, NamesWhatItKnows) {
  const ProgramResult result = bench({"--only", "interference"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("expected inference, step, losses; did you mean `inference`?"));
}

}  // namespace
}  // namespace posecu
