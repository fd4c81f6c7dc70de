// The contract of the command line: exit codes, the two streams, help, messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "tests/apps/program.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::vector<std::string> kVerbs{"config", "doctor", "eval", "forward", "predict", "train"};

TEST(CliTest, HelpGoesToStandardOutput) {
  for (const char* word : {"--help", "-h", "help"}) {
    const ProgramResult result = run_posecu({word});
    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.err, IsEmpty());
    for (const std::string& verb : kVerbs) EXPECT_THAT(result.out, HasSubstr("\n  " + verb + " "));
  }
}

TEST(CliTest, HelpOfEveryVerbOpensWithExamples) {
  for (const std::string& verb : kVerbs) {
    const ProgramResult result = run_posecu({verb, "--help"});
    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.err, IsEmpty());
    EXPECT_THAT(result.out, StartsWith("posecu " + verb + " "));
    EXPECT_THAT(result.out, HasSubstr(".\n\nExamples\n  posecu " + verb)) << verb;
    EXPECT_EQ(run_posecu({"help", verb}).out, result.out);
  }
}

TEST(CliTest, WithoutAVerbItSaysHowAndFails) {
  const ProgramResult result = run_posecu({});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, HasSubstr("posecu VERB"));
}

TEST(CliTest, VersionIsOneLine) {
  const ProgramResult result = run_posecu({"--version"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, testing::MatchesRegex("posecu [0-9.]+\n"));
}

struct Refused {
  std::vector<std::string> words;
  int code;
  std::string message;
};

TEST(CliTest, RefusesWrongCommandsWithTheNearestRightOne) {
  const std::vector<Refused> commands = {
      {{"docter"}, 2, "unknown verb docter; did you mean `doctor`?"},
      {{"--verison"}, 2, "unknown option --verison; did you mean `--version`?"},
      {{"config", "shw"}, 2, "did you mean `show`?"},
      {{"config"}, 2, "too few words"},
      {{"config", "show", "--orgin"}, 2, "unknown option --orgin; did you mean `--origin`?"},
      {{"config", "show", "a", "b"}, 2, "unexpected word b"},
      {{"config", "show", "--origin", "--origin"}, 2, "--origin is given twice"},
      {{"config", "show", "train.bach=3"}, 2, "unknown key train.bach; did you mean `train.batch`?"},
      {{"config", "show", "nowhere.toml"}, 2, "nowhere.toml: neither a configuration file nor a built-in"},
      {{"config", "list", "train.batch=3"}, 2, "config list: takes nothing else"},
      {{"doctor", "here"}, 2, "unexpected word here"},
      {{"doctor", "train.batch=3"}, 2, "takes no key=value"},
  };
  for (const Refused& command : commands) {
    const ProgramResult result = run_posecu(command.words);
    EXPECT_EQ(result.code, command.code) << command.message;
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, StartsWith("posecu: "));
    EXPECT_THAT(result.err, HasSubstr(command.message));
  }
}

TEST(CliTest, ConfigShowIsAConfigurationFile) {
  const TemporaryFolder folder;
  const ProgramResult shown = run_posecu({"config", "show", "coco/laptop", "train.lr=0.25"});
  ASSERT_EQ(shown.code, 0) << shown.err;
  write_file_atomically((folder.path() / "a.toml").string(), shown.out);
  const ProgramResult again = run_posecu({"config", "show", "a.toml"}, folder.path());
  EXPECT_EQ(again.out, shown.out);
  EXPECT_THAT(shown.out, HasSubstr("lr = 0.25\n"));
}

TEST(CliTest, ConfigShowTellsOrigins) {
  const ProgramResult shown = run_posecu({"config", "show", "coco/laptop", "train.lr=0.25", "--origin"});
  EXPECT_THAT(shown.out, testing::ContainsRegex("lr = 0.25 +# command line\n"));
  EXPECT_THAT(shown.out, testing::ContainsRegex("width = 16 +# coco/laptop:[0-9]+\n"));
  EXPECT_THAT(shown.out, testing::ContainsRegex("gamma = 0.1 +# default\n"));
}

TEST(CliTest, ABadConfigurationFileIsNamedWithItsLine) {
  const TemporaryFolder folder;
  write_file_atomically((folder.path() / "a.toml").string(), "[train]\nbatch = 3\nlr = \"fast\"\n");
  const ProgramResult result = run_posecu({"config", "show", "a.toml"}, folder.path());
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, StartsWith("posecu: a.toml:3: train.lr: expected a number"));
}

TEST(CliTest, DoctorFitsOneScreen) {
  const ProgramResult result = run_posecu({"doctor"});
  EXPECT_EQ(result.code, 0);
  EXPECT_LE(std::ranges::count(result.out, '\n'), 24);
  for (const char* word : {"processor", "memory", "cores", "oneDNN", "cuda"}) EXPECT_THAT(result.out, HasSubstr(word));
}

TEST(CliTest, AClosedPipeEndsQuietly) {
  const ProgramResult result = run_shell("set -o pipefail; posecu config list | true");
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.err, IsEmpty());
}

TEST(CliTest, AFullDiskBehindStandardOutputIsTold) {
  const ProgramResult result = run_shell("posecu config list > /dev/full");
  EXPECT_EQ(result.code, 4);
  EXPECT_THAT(result.err, HasSubstr("No space left on device"));
}

TEST(CliTest, NoColourOutsideATerminal) { EXPECT_EQ(run_posecu({"cofnig"}).err.find('\x1b'), std::string::npos); }

}  // namespace
}  // namespace posecu
