#include "tests/apps/program.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace posecu {
namespace {

std::filesystem::path new_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "posecu_streams_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  return name;
}

void redirect(int descriptor, const std::string& path, int flags) {
  const int file = open(path.c_str(), flags, 0600);
  if (file < 0 || dup2(file, descriptor) < 0) _exit(126);
}

}  // namespace

RunningProgram::RunningProgram(const std::vector<std::string>& words, const std::filesystem::path& folder)
    : streams_(new_folder()) {
  std::vector<std::string> all = words;
  std::vector<char*> argv;
  for (std::string& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  process_ = fork();
  if (process_ < 0) throw std::runtime_error("fork");
  if (process_ > 0) return;
  redirect(0, "/dev/null", O_RDONLY);
  redirect(1, (streams_ / "out").string(), O_WRONLY | O_CREAT);
  redirect(2, (streams_ / "err").string(), O_WRONLY | O_CREAT);
  if (chdir(folder.c_str()) != 0) _exit(126);
  execvp(argv[0], argv.data());
  _exit(127);
}

RunningProgram::~RunningProgram() {
  if (!ended_) {
    signal(SIGKILL);
    check_ended(0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(streams_, ignored);
}

void RunningProgram::signal(int number) const { kill(process_, number); }

void RunningProgram::check_ended(int options) {
  int status = 0;
  struct rusage usage {};
  if (ended_ || wait4(process_, &status, options, &usage) != process_) return;
  ended_ = true;
  peak_mib_ = static_cast<double>(usage.ru_maxrss) / 1024;
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string RunningProgram::read(const char* stream) const {
  std::ifstream file(streams_ / stream, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

ProgramResult RunningProgram::wait() {
  check_ended(0);
  return {code_, read("out"), read("err"), peak_mib_};
}

bool RunningProgram::wait_for_message(const std::string& text) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(5);
  while (std::chrono::steady_clock::now() < limit) {
    check_ended(WNOHANG);
    if (read("err").find(text) != std::string::npos) return true;
    if (ended_) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

ProgramResult run_posecu(const std::vector<std::string>& words, const std::filesystem::path& folder) {
  std::vector<std::string> all{POSECU_PROGRAM};
  all.insert(all.end(), words.begin(), words.end());
  return RunningProgram(all, folder).wait();
}

ProgramResult run_shell(const std::string& command, const std::filesystem::path& folder) {
  const std::string path = std::filesystem::path(POSECU_PROGRAM).parent_path().string();
  return RunningProgram({"bash", "-c", "export PATH=" + path + ":$PATH\n" + command}, folder).wait();
}

std::vector<std::string> verbs_of_the_overview() {
  std::istringstream text(run_posecu({"--help"}).out);
  std::vector<std::string> verbs;
  std::string line;
  while (std::getline(text, line) && line != "Verbs") {
  }
  while (std::getline(text, line) && !line.empty()) verbs.push_back(line.substr(2, line.find(' ', 2) - 2));
  return verbs;
}

}  // namespace posecu
