// `posecu demo`: the story of a training that is far too short to learn anything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <sstream>

#include "core/file.h"
#include "data/picture.h"
#include "tests/apps/program.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A demo of a second or two.
std::vector<std::string> tiny_demo(const std::string& folder, const std::string& steps) {
  return {"demo",
          "--quick",
          "--out",
          folder,
          "--count",
          "16,3,5",
          "--device",
          "cpu",
          "model.width=8",
          "model.blocks=1",
          "train.batch=2",
          "train.input_size=64",
          "eval.input_size=64",
          "train.eval_every=1",
          "train.steps=" + steps};
}

// Files that a page names: src="..." and href="...".
std::vector<std::string> sources_in(const std::string& page) {
  std::vector<std::string> found;
  for (const std::string name : {"src=\"", "href=\""})
    for (std::size_t at = page.find(name); at != std::string::npos; at = page.find(name, at)) {
      at += name.size();
      found.push_back(page.substr(at, page.find('"', at) - at));
    }
  return found;
}

TEST(DemoCliTest, TellsAStoryThatNeedsOnlyItsFolder) {
  const TemporaryFolder folder;
  const ProgramResult told = run_posecu(tiny_demo("story", "2"), folder.path());
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_THAT(told.err,
              AllOf(HasSubstr("teaches a fresh network to find people, in about "),
                    HasSubstr("training: 2 steps of 2 pictures, "), HasSubstr("\n1/3  posecu data synth --out "),
                    HasSubstr("\n2/3  posecu train synth/easy data.root=story/people "),
                    HasSubstr("% waiting  loss 0."), HasSubstr("\n3/3  posecu eval story/run data.val=test\n")));
  EXPECT_THAT(told.out, AllOf(HasSubstr("story/index.html\n"), HasSubstr("Next, type\n  posecu predict story/run ")));

  const std::string page = read_text_file((folder.path() / "story/index.html").string());
  const std::vector<std::string> sources = sources_in(page);
  EXPECT_EQ(sources.size(), 8U + 5 + 2 + 1);  // shown, found, curves, the run folder
  for (const std::string& source : sources) EXPECT_TRUE(fs::exists(folder.path() / "story" / source)) << source;
  EXPECT_THAT(page,
              AllOf(HasSubstr("posecu eval story/run data.val=test"), Not(HasSubstr("://")), HasSubstr("</html>")));
  const Picture shown = read_picture((folder.path() / "story/shown/000000000001.png").string());
  EXPECT_EQ(shown.width, 2 * 192);
  EXPECT_EQ(shown.height, 2 * 192);
}

// What the demo says that it does is what it does.
TEST(DemoCliTest, ScoresAsTheCommandThatItNames) {
  const TemporaryFolder folder;
  const ProgramResult told = run_posecu(tiny_demo("story", "1"), folder.path());
  ASSERT_EQ(told.code, 0) << told.err;
  const ProgramResult scored = run_posecu({"eval", "story/run", "data.val=test", "--device", "cpu"}, folder.path());
  ASSERT_EQ(scored.code, 0) << scored.err;
  const std::string table = scored.out.substr(0, scored.out.find("weights:"));
  EXPECT_THAT(table, HasSubstr("Average Precision"));
  EXPECT_THAT(told.out, HasSubstr(table));
  EXPECT_THAT(told.err, HasSubstr("\npicture 1/5\n"));  // of the test set, not of the other two
}

TEST(DemoCliTest, StopsAtASignalWithTheTrainingSaved) {
  const TemporaryFolder folder;
  std::vector<std::string> words = tiny_demo("story", "1000000");
  words.insert(words.begin(), POSECU_PROGRAM);
  RunningProgram program(words, folder.path());
  ASSERT_TRUE(program.wait_for_message("step 1/1000000"));
  program.signal(SIGINT);
  const ProgramResult result = program.wait();
  EXPECT_EQ(result.code, 130);
  EXPECT_THAT(result.err, HasSubstr("interrupted, all is saved\n  go on: posecu train --resume story/run\n"));
  EXPECT_TRUE(fs::exists(folder.path() / "story/run/checkpoints/last.safetensors"));
  EXPECT_FALSE(fs::exists(folder.path() / "story/index.html"));
}

TEST(DemoCliTest, RunsTheExamplesOfItsHelp) {
  const TemporaryFolder folder;
  std::istringstream help(run_posecu({"demo", "--help"}).out);
  int ran = 0;
  for (std::string line; std::getline(help, line) && line != "Usage";) {
    if (!line.starts_with("  posecu ")) continue;
    const ProgramResult result = run_shell(line.substr(2) +
                                               " --count 8,2,2 model.width=8 model.blocks=1 train.batch=2 "
                                               "train.steps=1 train.eval_every=1 train.input_size=64",
                                           folder.path());
    EXPECT_EQ(result.code, 0) << line << '\n' << result.err;
    ++ran;
  }
  EXPECT_EQ(ran, 3);
  for (const char* made : {"demo", "quick", "second"})
    EXPECT_TRUE(fs::exists(folder.path() / made / "index.html")) << made;
  EXPECT_EQ(run_posecu({"demo", "--out", "second"}, folder.path()).code, 2);
}

TEST(DemoCliTest, NamesWhatIsWrong) {
  const TemporaryFolder folder;
  fs::create_directory(folder.path() / "full");
  write_file_atomically((folder.path() / "full/mine.txt").string(), "precious");
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"--out", "full"}, "--out full: it exists already"},
      {{"--out", "full/mine.txt"}, "it exists already"},
      {{"--count", "1,2"}, "--count 1,2: expected three numbers"},
      {{"--count", "1,2,3,4"}, "--count"},
      {{"--count", "1,0,3"}, "--count 0: expected a whole number from 1"},
      {{"--seed", "x"}, "--seed x: expected a whole number"},
      {{"data.root=mine"}, "data.root is the demo's own"},
      {{"train.step=3"}, "did you mean `train.steps`?"},
      {{"--quik"}, "did you mean `--quick`?"},
      {{"people"}, "demo"}};
  for (const auto& [words, message] : cases) {
    std::vector<std::string> all{"demo"};
    all.insert(all.end(), words.begin(), words.end());
    const ProgramResult result = run_posecu(all, folder.path());
    EXPECT_EQ(result.code, 2) << message;
    EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_FALSE(fs::exists(folder.path() / "demo")) << message;
  }
}

}  // namespace
}  // namespace posecu
