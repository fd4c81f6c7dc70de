#include "training/checkpoint_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <vector>

#include "core/error.h"
#include "core/file.h"

namespace posecu {

namespace fs = std::filesystem;

namespace {

struct StepFile {
  std::int64_t step;
  std::string path;
};

constexpr std::string_view kStepPrefix = "step_", kEnding = ".safetensors";

std::optional<std::int64_t> step_of(std::string_view name) {
  if (!name.starts_with(kStepPrefix) || !name.ends_with(kEnding)) return {};
  name.remove_prefix(kStepPrefix.size());
  name.remove_suffix(kEnding.size());
  std::int64_t step = 0;
  const auto [end, error] = std::from_chars(name.begin(), name.end(), step);
  if (error != std::errc() || end != name.end()) return {};
  return step;
}

// Newest first.
std::vector<StepFile> step_files(const std::string& folder) {
  std::vector<StepFile> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (const auto step = step_of(entry.path().filename().string())) files.push_back({*step, entry.path().string()});
  }
  std::ranges::sort(files, std::ranges::greater(), &StepFile::step);
  return files;
}

struct Damaged {
  std::string path, problem;
};

// Nothing when the file is damaged, which is added to `damaged`.
std::optional<Safetensors> whole_checkpoint(const std::string& path, std::vector<Damaged>& damaged) {
  try {
    return read_checkpoint(path);
  } catch (const InputError& error) {
    damaged.push_back({path, error.what()});
    return {};
  }
}

}  // namespace

CheckpointFolder::CheckpointFolder(std::string folder, int keep) : folder_(std::move(folder)), keep_(keep) {
  require(keep >= 1, "at least one checkpoint must be kept");
  make_folder(folder_);
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (entry.path().extension() == ".part") fs::remove(entry.path());
  }
}

std::string CheckpointFolder::path_of(std::int64_t step) const {
  return fmt::format("{}/{}{:08}{}", folder_, kStepPrefix, step, kEnding);
}

void CheckpointFolder::mark_best(const TrainingState& state) {
  if (state.best_score && state.best_step == state.step) {
    link_file_atomically(path_of(state.step), folder_ + "/best.safetensors");
  }
}

void CheckpointFolder::save(const Parameters& parameters, const Adam& adam, const TrainingState& state,
                            const CheckpointTexts& texts) {
  write_checkpoint(path_of(state.step), parameters, adam, state, texts);
  link_file_atomically(path_of(state.step), folder_ + "/last.safetensors");
  mark_best(state);
  const std::vector<StepFile> files = step_files(folder_);
  for (std::size_t i = static_cast<std::size_t>(keep_); i < files.size(); ++i) fs::remove(files[i].path);
}

std::optional<TrainingState> CheckpointFolder::load_newest(Parameters& parameters, Adam& adam,
                                                           const std::function<void(const std::string&)>& message) {
  std::vector<StepFile> files = step_files(folder_);
  const std::string last = folder_ + "/last.safetensors";
  if (files.empty() && fs::exists(last)) files.push_back({0, last});  // somebody kept that one only
  std::vector<Damaged> damaged;
  for (const StepFile& file : files) {
    const std::optional<Safetensors> checkpoint = whole_checkpoint(file.path, damaged);
    if (!checkpoint) continue;
    const TrainingState state = restore_checkpoint(*checkpoint, parameters, adam);
    for (const Damaged& other : damaged) {
      fs::rename(other.path, other.path + ".damaged");
      message(
          fmt::format("{}\n  kept as {}.damaged; going on from the checkpoint before it", other.problem, other.path));
    }
    if (file.path == last) link_file_atomically(last, path_of(state.step));
    link_file_atomically(path_of(state.step), last);
    mark_best(state);  // a crash may have come between the checkpoint and its second name
    return state;
  }
  if (damaged.empty()) return {};
  throw InputError(folder_, "",
                   fmt::format("none of the checkpoints is whole; the newest:\n  {}\n  try: a new run, with "
                               "model.init=WEIGHTS to begin from weights that you have",
                               damaged.front().problem));
}

}  // namespace posecu
