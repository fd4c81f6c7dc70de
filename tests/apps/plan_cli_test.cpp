// What `posecu plan` counts, against what the same work takes when it is done.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "apps/bench.h"
#include "core/arena.h"
#include "tests/apps/program.h"

namespace posecu {
namespace {

using testing::HasSubstr;

// What the program says of a network as small as this, with more keys.
const std::vector<std::string> kSmallPlan{"model.modules=[1,1,1]", "model.width=16", "model.blocks=1",
                                          "train.input_size=128", "train.batch=2"};
nlohmann::json planned(const std::vector<std::string>& more) {
  std::vector<std::string> words{"plan", "--json", "--threads", "2"};
  words.insert(words.end(), kSmallPlan.begin(), kSmallPlan.end());
  words.insert(words.end(), more.begin(), more.end());
  const ProgramResult result = run_posecu(words);
  EXPECT_EQ(result.code, 0) << result.err;
  return nlohmann::json::parse(result.out);
}

TEST(PlanCliTest, CountsWhatTheWorkTakes) {
  for (const Head head : {Head::hrnet, Head::higherhrnet}) {
    BenchOptions options;
    options.network = {head, 16, 1, {1, 1, 1}, 17, 8};
    options.input_size = 128;
    options.training_batch = 2;
    const auto said = planned({head == Head::hrnet ? "model.head=hrnet" : "model.head=higherhrnet"});
    for (const BenchedWork work : {BenchedWork::inference, BenchedWork::training_step}) {
      BenchedNetwork network({.threads = 2}, options, work);
      network.run();
      const Arena& arena = network.context().arena();
      const bool step = work == BenchedWork::training_step;
      const auto& need = said[step ? "step" : "inference"];
      for (int i = 0; i < kMemoryClasses; ++i) {
        const auto memory_class = static_cast<MemoryClass>(i);
        const std::string name(to_string(memory_class));
        // A bench's pictures are on the device besides. A training has room for more labels: 9 and 24 kB, as measured.
        const bool differs = step && memory_class == MemoryClass::activations;
        const double pictures = differs ? 2 * 128 * 128 * 3 * sizeof(float) : 0;
        EXPECT_NEAR(need[name].get<double>(), static_cast<double>(arena.peak(memory_class)) - pictures,
                    differs ? 32 * 1024 : 0)
            << name;
      }
    }
  }
}

TEST(PlanCliTest, FindsTheLargestBatchThatFits) {
  const int largest = planned({"--memory", "1"})["largest_batch"];
  const auto peak = [](int batch) {
    std::vector<std::string> words{"plan", "--json"};
    words.insert(words.end(), kSmallPlan.begin(), kSmallPlan.end() - 1);
    words.push_back("train.batch=" + std::to_string(batch));
    return nlohmann::json::parse(run_posecu(words).out)["step"]["peak"].get<std::size_t>();
  };
  EXPECT_GT(largest, 10);
  EXPECT_LE(peak(largest), std::size_t{1} << 30);
  EXPECT_GT(peak(largest + 1), (std::size_t{1} << 30) / 100 * 99);
}

TEST(PlanCliTest, PrintsATable) {
  std::vector<std::string> words{"plan", "--memory", "1"};
  words.insert(words.end(), kSmallPlan.begin(), kSmallPlan.end());
  const ProgramResult table = run_posecu(words);
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("step: 2 pictures, inference: 1 picture\n"));
  EXPECT_THAT(table.out, HasSubstr("\nlargest train.batch in 1.0 GiB: "));
}

TEST(PlanCliTest, SaysThatNothingFitsAndRefusesNonsense) {
  const ProgramResult result = run_posecu({"plan", "coco/hrnet_w48_640", "--memory", "1"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, HasSubstr("not even train.batch=1 fits into 1.0 GiB\n"));
  EXPECT_EQ(run_posecu({"plan", "--memory", "0"}).code, 2);
  EXPECT_EQ(run_posecu({"plan", "--memory", "lots"}).code, 2);
  EXPECT_EQ(run_posecu({"plan", "train.bach=2"}).code, 2);
}

}  // namespace
}  // namespace posecu
