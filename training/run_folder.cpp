#include "training/run_folder.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "core/error.h"

namespace posecu {

namespace fs = std::filesystem;

namespace {

constexpr const char* kLock = "lock";
constexpr const char* kConfig = "config.toml";
constexpr const char* kPlans = "/plans.txt";

// Whether the folder holds nothing but a lock and what RunFolder::write makes before the configuration, its last: a
// start that was killed there has nothing to go on with. Without a lock, the files are somebody else's.
bool holds_nothing(const fs::path& folder) {
  bool others = false, command = false, lock = false;
  for (const auto& entry : fs::directory_iterator(folder)) {
    fs::path name = entry.path().filename();
    if (name == kLock) {
      lock = true;
      continue;
    }
    if (name.extension() == ".part")
      name.replace_extension();
    else if (name == kConfig)
      return false;
    if (name != "command.txt" && name != "environment.txt" && name != "skeleton.toml" && name != kConfig) return false;
    (name == "command.txt" ? command : others) = true;
  }
  return (lock && command) || !(command || others);
}

void check_is_empty(const std::string& path) {
  if (holds_nothing(path)) return;
  const std::string help = is_run_folder(path) ? fmt::format("--resume {} to go on with it, or another --out", path)
                                               : std::string("another --out");
  throw UsageError(fmt::format("{}: expected an empty or new folder, found files in it\n  try: {}", path, help));
}

// Makes or checks the folder before anything is written into it, and returns the path of its lock.
std::string prepare(const std::string& path, RunFolder::Start start) {
  std::error_code error;
  if (start == RunFolder::Start::resumed) {
    if (!is_run_folder(path)) {
      throw UsageError(
          fmt::format("{}: cannot resume: expected a run folder, found no {} in it\n  try: the folder "
                      "that was given as --out when the training was started",
                      path, kConfig));
    }
  } else if (fs::exists(path, error) && !fs::is_directory(path, error)) {
    throw UsageError(fmt::format("{}: expected a folder, found a file\n  try: another --out", path));
  } else {
    make_folder(path);
    check_is_empty(path);
  }
  return path + '/' + kLock;
}

void add_to(const std::string& path, const std::string& text) {
  write_file_atomically(path, (fs::exists(path) ? read_text_file(path) : std::string()) + text);
}

}  // namespace

RunFolder::RunFolder(std::string path, Start start)
    : path_(std::move(path)), start_(start), lock_(prepare(path_, start), "run folder " + path_) {
  if (start == Start::fresh) check_is_empty(path_);  // another process may have been faster
  for (const auto& entry : fs::directory_iterator(path_)) {
    const bool of_killed_start = start == Start::fresh && entry.path().filename() != kLock;
    if (of_killed_start || entry.path().extension() == ".part") fs::remove(entry.path());
  }
}

std::string RunFolder::config() const { return read_text_file(path_ + '/' + kConfig); }

void RunFolder::write(const RunTexts& texts) const {
  add_to(path_ + "/command.txt", texts.command + "\n");
  const std::string separator = start_ == Start::resumed ? "\n" : "";
  add_to(path_ + "/environment.txt", separator + texts.environment);
  write_file_atomically(path_ + "/skeleton.toml", texts.skeleton);
  write_file_atomically(path_ + '/' + kConfig, texts.config);  // last: with it, the folder can be resumed
}

std::string RunFolder::plans() const {
  return fs::exists(path_ + kPlans) ? read_text_file(path_ + kPlans) : std::string();
}

void RunFolder::write_plans(const std::string& plans) const {
  if (plans.empty()) {
    fs::remove(path_ + kPlans);
  } else if (plans != this->plans()) {
    write_file_atomically(path_ + kPlans, plans);
  }
}

std::string checkpoint_of_run(const std::string& path) {
  for (const char* name : {"best", "last"}) {
    std::string file = fmt::format("{}/checkpoints/{}.safetensors", path, name);
    if (fs::exists(file)) return file;
  }
  throw InputError(path, "checkpoints", "this run has no checkpoint yet");
}

bool is_run_folder(const std::string& path) { return fs::is_regular_file(path + '/' + kConfig); }

}  // namespace posecu
