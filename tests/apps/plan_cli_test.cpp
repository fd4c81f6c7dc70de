// What `posecu plan` counts, against what the same work takes when it is done.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "apps/memory_need.h"
#include "tests/apps/program.h"

namespace posecu {
namespace {

using testing::HasSubstr;

BenchOptions small_network(Head head, int batch) {
  BenchOptions options;
  options.network = {head, 16, 1, {1, 1, 1}, 17, 8};
  options.input_size = 128;
  options.training_batch = batch;
  return options;
}

TEST(PlanCliTest, CountsWhatTheWorkTakes) {
  for (const Head head : {Head::hrnet, Head::higherhrnet})
    for (const BenchedWork work : {BenchedWork::inference, BenchedWork::training_step, BenchedWork::losses}) {
      const BenchOptions options = small_network(head, 2);
      BenchedNetwork network({.threads = 2}, options, work);
      network.run();
      const MemoryNeed need = count_memory({.threads = 2}, options, work);
      EXPECT_EQ(need.peak, network.context().arena().peak());
      for (int i = 0; i < kMemoryClasses; ++i)
        EXPECT_EQ(need.by_class[static_cast<std::size_t>(i)],
                  network.context().arena().peak(static_cast<MemoryClass>(i)))
            << to_string(static_cast<MemoryClass>(i));
    }
}

TEST(PlanCliTest, FindsTheLargestBatchThatFits) {
  for (const int batch : {1, 2, 5, 8}) {
    const std::size_t need = count_memory({}, small_network(Head::higherhrnet, batch), BenchedWork::training_step).peak;
    EXPECT_EQ(largest_batch({}, small_network(Head::higherhrnet, 1), need), batch);
    EXPECT_EQ(largest_batch({}, small_network(Head::higherhrnet, 1), need - 1), batch - 1);
  }
}

TEST(PlanCliTest, PrintsATableOrJson) {
  const std::vector<std::string> small{"model.modules=[1,1,1]", "model.width=16", "model.blocks=1",
                                       "train.input_size=128", "train.batch=2"};
  std::vector<std::string> words{"plan", "--memory", "1"};
  words.insert(words.end(), small.begin(), small.end());
  const ProgramResult table = run_posecu(words);
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("step: 2 pictures, inference: 1 picture\n"));
  EXPECT_THAT(table.out, HasSubstr("\nlargest train.batch in 1.0 GiB: "));
  words.emplace_back("--json");
  const auto json = nlohmann::json::parse(run_posecu(words).out);
  EXPECT_EQ(json["available"], std::size_t{1} << 30);
  BenchOptions options = small_network(Head::higherhrnet, 2);
  EXPECT_EQ(json["step"]["peak"], count_memory({}, options, BenchedWork::training_step).peak);
  EXPECT_EQ(json["largest_batch"], largest_batch({}, options, std::size_t{1} << 30));
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
