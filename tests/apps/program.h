// Runs the built program as a user does.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace posecu {

struct ProgramResult {
  int code = -1;  // exit code; -N when signal N killed it
  std::string out, err;
  double peak_mib = 0;  // resident memory at its highest
};

// `posecu WORDS...` in `folder`, with standard input closed and neither stream a terminal.
ProgramResult run_posecu(const std::vector<std::string>& words, const std::filesystem::path& folder = ".");

// The same with a shell's words: "posecu config show | head -1".
ProgramResult run_shell(const std::string& command, const std::filesystem::path& folder = ".");

std::vector<std::string> verbs_of_the_overview();  // as posecu --help lists them

// The program while it runs.
class RunningProgram {
 public:
  RunningProgram(const std::vector<std::string>& words, const std::filesystem::path& folder);
  ~RunningProgram();  // kills it if it still runs
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  void signal(int number) const;
  ProgramResult wait();
  // Until standard error holds `text`; false when the program ended before, or after five minutes.
  bool wait_for_message(const std::string& text);
  bool ended() const { return ended_; }

 private:
  std::string read(const char* stream) const;
  void check_ended(int options);

  std::filesystem::path streams_;
  pid_t process_ = -1;
  bool ended_ = false;
  int code_ = -1;
  double peak_mib_ = 0;
};

}  // namespace posecu
