// The checkpoints of one run, in one folder:
//
//   step_00000600.safetensors   the newest `keep` ones
//   last.safetensors            the newest of them, under a name that does not change
//   best.safetensors            the one with the best score so far
//
// `last` and `best` are hard links where the file system has them (no bytes are copied), copies elsewhere.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "training/checkpoint.h"

namespace posecu {

class CheckpointFolder {
 public:
  // Makes the folder if it is not there, and removes what a crash left half-written in it.
  CheckpointFolder(std::string folder, int keep);

  // Writes state.step's checkpoint and makes it `last`; makes it `best` too when state.best_step is this step. Removes
  // the oldest ones beyond `keep`. On MachineError (disk full) what was there before stays.
  void save(const Parameters& parameters, const Adam& adam, const TrainingState& state, const CheckpointTexts& texts);

  // Loads the newest checkpoint that is whole; nothing when there is none at all. Damaged ones that are newer are told
  // to `message` and kept as "NAME.damaged". Throws InputError when all are damaged, or are another network's.
  std::optional<TrainingState> load_newest(Parameters& parameters, Adam& adam,
                                           const std::function<void(const std::string&)>& message);

 private:
  std::string path_of(std::int64_t step) const;
  void mark_best(const TrainingState& state);

  std::string folder_;
  int keep_;
};

}  // namespace posecu
