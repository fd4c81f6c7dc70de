// The folder of one run: texts that say what it is, its log, its checkpoints; locked while a process works in it.
//
//   config.toml       the resolved configuration: what --resume goes on with
//   skeleton.toml     which keypoints a person has
//   command.txt       the command line, and one more for every resume
//   environment.txt   machine, versions, threads: one block for every start
//   plans.txt         on a GPU: which engine computes each convolution (layers/convolution_plans.h)
//   log.jsonl         metrics.csv, loss.svg, evaluations.svg, events.out.tfevents.*: training/run_log.h
//   checkpoints/      training/checkpoint_folder.h
//   lock              held (flock) while a process works in the folder; its presence means nothing
#pragma once

#include <string>

#include "core/file.h"

namespace posecu {

struct RunTexts {
  std::string config;       // TOML
  std::string skeleton;     // TOML
  std::string command;      // one line
  std::string environment;  // lines
};

class RunFolder {
 public:
  enum class Start { fresh, resumed };

  // Fresh: makes the folder and writes the texts. UsageError when it holds anything, or another process works in it.
  // Resumed: UsageError when it is no run folder or in use; see add_start().
  RunFolder(std::string path, Start start);

  const std::string& path() const { return path_; }
  std::string config() const;  // of a resumed run
  std::string checkpoints() const { return path_ + "/checkpoints"; }

  // Writes the texts of a fresh run; for a resumed one, writes configuration and skeleton and adds the others.
  void write(const RunTexts& texts) const;

  // Empty: there are none, on the CPU.
  std::string plans() const;
  void write_plans(const std::string& plans) const;

 private:
  std::string path_;
  Start start_;
  FileLock lock_;
};

// The weights file that stands for a run: its best checkpoint, its last one when none was evaluated. InputError without
// any.
std::string checkpoint_of_run(const std::string& path);

// Whether `path` is a run folder, finished or not.
bool is_run_folder(const std::string& path);

}  // namespace posecu
