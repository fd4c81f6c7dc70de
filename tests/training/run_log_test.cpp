#include "training/run_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "core/file.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class RunLogTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (temporary_.path() / name).string(); }
  RunLog open(LogPosition position) {
    return {temporary_.path().string(), position, [this](const std::string& text) { messages_.push_back(text); }};
  }
  // Steps 1 to 4, with evaluations after 2 and 4.
  void write_four_steps() {
    RunLog log = open({});
    for (std::int64_t step = 1; step <= 4; ++step) {
      log.add_step({step, 0, 0.1}, {.heatmap = 1.0 / 3, .pull = 2, .push = 3, .scale = 4}, 5, 6, 7);
      if (step % 2 == 0) log.add_evaluation({step, 0, 0}, {0.25 * static_cast<double>(step), {{"AP", 0.5}}});
    }
  }
  std::vector<std::string> rows(const std::string& name) const {
    std::ifstream file(path(name));
    std::vector<std::string> all;
    for (std::string row; std::getline(file, row);) all.push_back(row);
    return all;
  }

  TemporaryFolder temporary_;
  std::vector<std::string> messages_;
};

TEST_F(RunLogTest, WritesRowsAsDocumented) {
  RunLog log = open({});
  log.add_step({1, 0, 1.5e-3}, {.heatmap = 0.5, .pull = 0.25, .push = 0.125, .scale = 0}, 2, 3, 0.5);
  log.add_skipped({2, 0, 1e-3}, {785, 40083});
  log.add_evaluation({2, 0, 0}, {0.5, {{"AP", 0.5}, {"AP50", 0.75}}, "coco val2017"});
  EXPECT_THAT(
      rows("log.jsonl"),
      ElementsAre(
          R"({"kind":"step","step":1,"epoch":0,"lr":0.0015,"loss":0.875,"heatmap":0.5,"pull":0.25,"push":0.125,)"
          R"("scale":0.0,"gradient_norm":2.0,"seconds":3.0,"waiting":0.5})",
          R"({"kind":"skipped","step":2,"epoch":0,"lr":0.001,"pictures":[785,40083]})",
          R"({"kind":"evaluation","step":2,"epoch":0,"set":"coco val2017",)"
          R"("score":0.5,"metrics":{"AP":0.5,"AP50":0.75}})"));
  EXPECT_THAT(rows("metrics.csv"), ElementsAre("step,epoch,set,score,AP,AP50", "2,0,\"coco val2017\",0.5,0.5,0.75"));
}

TEST_F(RunLogTest, CutsWhatBelongsAfterThePosition) {
  write_four_steps();
  open({.step = 3, .evaluated = false});
  EXPECT_EQ(rows("log.jsonl").size(), 4U);
  EXPECT_THAT(rows("log.jsonl").back(), StartsWith(R"({"kind":"step","step":3)"));
  EXPECT_THAT(rows("metrics.csv"), ElementsAre("step,epoch,set,score,AP", "2,0,\"\",0.5,0.5"));
}

TEST_F(RunLogTest, KeepsTheEvaluationOfTheStepOnlyIfItWasMade) {
  write_four_steps();
  open({.step = 4, .evaluated = true});
  EXPECT_EQ(rows("log.jsonl").size(), 6U);
  EXPECT_EQ(rows("metrics.csv").size(), 3U);
  open({.step = 4, .evaluated = false});
  EXPECT_EQ(rows("log.jsonl").size(), 5U);
  EXPECT_EQ(rows("metrics.csv").size(), 2U);
}

TEST_F(RunLogTest, CutsARowThatWasNotWrittenToItsEnd) {
  write_four_steps();
  const std::string whole = read_text_file(path("log.jsonl"));
  std::ofstream(path("log.jsonl")) << whole << R"({"kind":"step","st)";
  open({.step = 4, .evaluated = true});
  EXPECT_EQ(read_text_file(path("log.jsonl")), whole);
  EXPECT_TRUE(messages_.empty());
}

TEST_F(RunLogTest, TellsOfADamagedRowAndCutsThere) {
  write_four_steps();
  std::string text = read_text_file(path("log.jsonl"));
  text[text.find(R"("step":3)") - 3] = '\0';
  std::ofstream(path("log.jsonl")) << text;
  open({.step = 4, .evaluated = true});
  EXPECT_EQ(rows("log.jsonl").size(), 3U);
  EXPECT_THAT(messages_, ElementsAre(AllOf(HasSubstr("log.jsonl"), HasSubstr("line 4"))));
}

TEST_F(RunLogTest, HasAColumnForEveryMetricThatEverWas) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  {
    RunLog log = open({});
    log.add_evaluation({1, 0, 0}, {nan, {{"AP", nan}}, "a \"b\",c"});
    log.add_evaluation({2, 1, 0}, {0.5, {{"AR", 0.25}}});
  }
  const std::vector<std::string> expected{"step,epoch,set,score,AP,AR", "1,0,\"a \"\"b\"\",c\",nan,nan,",
                                          "2,1,\"\",0.5,,0.25"};
  EXPECT_EQ(rows("metrics.csv"), expected);
  EXPECT_TRUE(messages_.empty()) << messages_.front();
  open({.step = 2, .evaluated = true});  // read back from the log, where they are null
  EXPECT_EQ(rows("metrics.csv"), expected);
  EXPECT_TRUE(messages_.empty()) << messages_.front();
}

// Events have no names in common with rows but their order: a record a row, after the first.
TEST_F(RunLogTest, KeepsTheEventsOfTheRowsThatStay) {
  write_four_steps();
  const std::string whole = read_text_file(path(EventFile::kName));
  open({.step = 3, .evaluated = false});
  const std::string cut = read_text_file(path(EventFile::kName));
  EXPECT_TRUE(whole.starts_with(cut));
  EXPECT_EQ(EventFile(temporary_.path().string(), 99).kept(), 4);  // three steps and an evaluation
  open({.step = 3, .evaluated = false});
  EXPECT_EQ(read_text_file(path(EventFile::kName)), cut);
}

TEST_F(RunLogTest, HasNoEventOfASkippedStep) {
  {
    RunLog log = open({});
    log.add_step({1, 0, 0.1}, {}, 5, 6, 7);
    log.add_skipped({2, 0, 0.1}, {785});
    log.add_step({3, 0, 0.1}, {}, 5, 6, 7);
  }
  open({.step = 2, .evaluated = false});
  EXPECT_EQ(EventFile(temporary_.path().string(), 99).kept(), 1);
}

TEST_F(RunLogTest, MakesMissingEventsAgain) {
  write_four_steps();
  const std::string whole = read_text_file(path(EventFile::kName));
  std::filesystem::resize_file(path(EventFile::kName), whole.size() / 2);
  open({.step = 4, .evaluated = true});
  const std::string again = read_text_file(path(EventFile::kName));
  EXPECT_EQ(again.size(), whole.size());
  EXPECT_EQ(EventFile(temporary_.path().string(), 99).kept(), 6);
  std::filesystem::remove(path(EventFile::kName));
  open({.step = 4, .evaluated = true});
  EXPECT_EQ(read_text_file(path(EventFile::kName)).size(), whole.size());
}

TEST_F(RunLogTest, DrawsTheSameCurvesWhenItGoesOn) {
  {
    RunLog log = open({});
    for (std::int64_t step = 1; step <= 4; ++step) {
      log.add_step({step, 0, 0.1}, {.heatmap = 1.0 / static_cast<double>(step), .pull = 2, .push = 3, .scale = 4}, 5, 6,
                   7);
      if (step % 2 == 0) log.add_evaluation({step, 0, 0}, {0, {{"AP", 0.1 * static_cast<double>(step)}}, "coco val"});
    }
    log.draw();
  }
  const std::string losses = read_text_file(path("loss.svg")), scores = read_text_file(path("evaluations.svg"));
  EXPECT_THAT(losses, AllOf(HasSubstr(">sum "), HasSubstr(">heatmap 0.25<"), HasSubstr(">scale 4<")));
  EXPECT_THAT(scores, AllOf(HasSubstr("Evaluations on coco val"), HasSubstr(">AP 0.4<")));
  open({.step = 4, .evaluated = true}).draw();
  EXPECT_EQ(read_text_file(path("loss.svg")), losses);
  EXPECT_EQ(read_text_file(path("evaluations.svg")), scores);
  open({.step = 2, .evaluated = true}).draw();
  EXPECT_THAT(read_text_file(path("loss.svg")), HasSubstr(">heatmap 0.5<"));
}

}  // namespace
}  // namespace posecu
