// Manual pages, Markdown pages and completions, as the shells and man(1) read them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "tests/apps/program.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using testing::HasSubstr;

bool is_installed(const std::string& program) { return run_shell("command -v " + program).code == 0; }

// What bash offers when the cursor stands behind `line`.
std::string offered(const std::string& line) {
  const TemporaryFolder folder;
  write_file_atomically(folder.path() / "ask.bash", "source <(posecu help --completion bash)\nCOMP_LINE='" + line + R"('
COMP_POINT=${#COMP_LINE}
read -ra COMP_WORDS <<<"$COMP_LINE"
[[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_posecu
echo "${COMPREPLY[*]}"
)");
  const ProgramResult result = run_shell("bash ask.bash", folder.path());
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err, "");
  return result.out;
}

TEST(HelpCliTest, BashCompletesVerbsOptionsKeysAndValues) {
  EXPECT_EQ(offered("posecu tr"), "train\n");
  EXPECT_EQ(offered("posecu predict --ou"), "--out\n");
  EXPECT_EQ(offered("posecu train coco/lap"), "coco/laptop\n");
  EXPECT_EQ(offered("posecu train train.mile"), "train.milestones=\n");
  EXPECT_EQ(offered("posecu train model.head="), "hrnet higherhrnet\n");
  EXPECT_EQ(offered("posecu train data.dataset=c"), "coco crowdpose\n");
  EXPECT_EQ(offered("posecu doctor model."), "\n");  // takes no keys
}

TEST(HelpCliTest, ShellsReadTheirCompletions) {
  int read = 0;
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const ProgramResult script = run_posecu({"help", "--completion", shell});
    EXPECT_EQ(script.code, 0);
    for (const std::string& verb : verbs_of_the_overview()) EXPECT_THAT(script.out, HasSubstr(verb)) << shell;
    if (!is_installed(shell)) continue;
    const ProgramResult parsed = run_shell("posecu help --completion " + shell + " | " + shell + " -n");
    EXPECT_EQ(parsed.code, 0) << shell << parsed.err;
    EXPECT_EQ(parsed.err, "");
    ++read;
  }
  std::printf("completions: %d of 3 shells are installed and read theirs\n", read);
  EXPECT_GE(read, 1);  // bash runs the tests
}

TEST(HelpCliTest, EveryVerbHasAManualPageWithItsOptions) {
  std::vector<std::string> pages = verbs_of_the_overview();
  ASSERT_GE(pages.size(), 11U);
  const bool man = is_installed("groff");
  for (const std::string& verb : pages) {
    const ProgramResult page = run_posecu({"help", verb, "--format", "man"});
    EXPECT_EQ(page.code, 0);
    EXPECT_THAT(page.out, HasSubstr(".TH POSECU\\-"));
    EXPECT_THAT(page.out, HasSubstr(".SH EXAMPLES\n.TP\n.B posecu " + verb));
    if (!man) continue;
    const ProgramResult shown = run_shell("posecu help " + verb + " --format man | groff -man -Tutf8 -ww >/dev/null");
    EXPECT_EQ(shown.err, "") << verb;
  }
  std::printf("%zu manual pages%s\n", pages.size(), man ? ", set by groff without a warning" : "; groff is not here");
  EXPECT_THAT(run_posecu({"help", "--format", "man"}).out, HasSubstr("posecu\\-train(1)"));
  EXPECT_THAT(run_posecu({"help", "keys", "--format", "man"}).out, HasSubstr("train.batch = "));
}

TEST(HelpCliTest, PagesOfTheDocumentationAreCurrent) {
  const ProgramResult result =
      run_shell("POSECU=" POSECU_PROGRAM " " POSECU_SOURCE_FOLDER "/scripts/make_docs.sh --check");
  EXPECT_EQ(result.code, 0) << result.out << "\n  mend it with scripts/make_docs.sh";
}

TEST(HelpCliTest, RefusesOtherShellsAndFormats) {
  EXPECT_THAT(run_posecu({"help", "--completion", "bsh"}).err,
              HasSubstr("expected bash, zsh or fish; did you mean `bash`?"));
  EXPECT_THAT(run_posecu({"help", "train", "--format", "markdwn"}).err, HasSubstr("did you mean `markdown`?"));
  EXPECT_EQ(run_posecu({"help", "trian"}).code, 2);
  EXPECT_EQ(run_posecu({"help", "train", "--completion", "bash"}).code, 2);
}

}  // namespace
}  // namespace posecu
