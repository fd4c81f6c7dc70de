// Each command that a tour in docs/ marks with ```bash run is run as it stands, in the page's order and in one folder.
// Only trainings are cut short.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <sstream>

#include "core/file.h"
#include "tests/apps/program.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

constexpr std::array<std::string_view, 4> kShortRun = {"train.epochs=0", "train.steps=2", "train.input_size=64",
                                                       "eval.input_size=64"};

std::vector<std::string> commands_of(const std::string& page) {
  std::istringstream text(read_text_file(fmt::format("{}/docs/{}", POSECU_SOURCE_FOLDER, page)));
  std::vector<std::string> commands;
  bool inside = false;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("```")) {
      inside = line == "```bash run";
    } else if (inside) {
      commands.push_back(line);
    }
  }
  return commands;
}

// As a test runs it: programs from this build, two steps of a training, small pictures.
std::string prepared(std::string command) {
  constexpr std::string_view kBuilt = "build/cpu/bin/";  // where a shell finds the program here
  for (std::size_t at; (at = command.find(kBuilt)) != std::string::npos;) command.erase(at, kBuilt.size());
  if (command.starts_with("posecu eval")) return command + " eval.input_size=64";
  if (!command.starts_with("posecu train") || command.find("--resume") != std::string::npos) return command;
  return fmt::format("{} {} 'train.milestones=[]'", command, fmt::join(kShortRun, " "));
}

void run_page(const std::string& page, std::size_t least_commands) {
  const TemporaryFolder folder;
  const std::vector<std::string> commands = commands_of(page);
  EXPECT_GE(commands.size(), least_commands) << page;
  for (const std::string& command : commands) {
    const ProgramResult result = run_shell(prepared(command), folder.path());
    ASSERT_EQ(result.code, 0) << page << ": " << command << '\n' << result.out << result.err;
  }
}

TEST(TourCliTest, CommandsForTrainingRun) { run_page("tour_train.md", 12); }
TEST(TourCliTest, CommandsForEvaluatingRun) { run_page("tour_evaluate.md", 8); }
TEST(TourCliTest, CommandsForReadingKernelsRun) { run_page("tour_kernels.md", 2); }

}  // namespace
}  // namespace posecu
