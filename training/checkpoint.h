// A checkpoint: all that a training needs to go on as if it had never stopped, in one safetensors file.
//
//   NAME                          parameters and running statistics under their official names, f32
//   optimizer.exp_avg.NAME        Adam's first moments; readers of weights leave out everything that begins with
//   optimizer.exp_avg_sq.NAME     "optimizer.", so a checkpoint is also a weights file
//
// The metadata holds the resolved configuration, the skeleton, the numbers of TrainingState and a checksum of the whole
// content, which finds every flipped bit. Equal states give equal bytes: neither time nor machine is stored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/parameters.h"
#include "core/safetensors.h"
#include "training/adam.h"
#include "training/loss_scale.h"

namespace posecu {

inline constexpr std::string_view kOptimizerPrefix = "optimizer.";
inline constexpr std::string_view kConfigKey = "config", kSkeletonKey = "skeleton";  // of the metadata

enum class Evaluated { no, yes };

// Where a training stands between two steps.
struct TrainingState {
  std::int64_t step = 0;                      // steps done, those that were skipped among them
  std::int64_t epoch = 0, batch = 0;          // place of the next batch to load
  std::int64_t batches_per_epoch = 0;         // of the data set that this place means
  std::int64_t skipped = 0, skipped_row = 0;  // steps with non-finite values: all, and those just before now in a row
  Evaluated evaluated = Evaluated::no;        // whether the weights of this step have been evaluated
  std::optional<double> best_score = {};
  std::int64_t best_step = 0;
  std::optional<LossScale> loss_scale = {};  // of a training in fp16
  int threads = 0;                           // compute threads: the last bits of gradients depend on their number
  std::string plans = {};                    // on a GPU: its convolutions' engines (layers/convolution_plans.h)
};

// Texts that travel with the weights, so that the file alone says what network it belongs to.
struct CheckpointTexts {
  std::string config;    // resolved, TOML
  std::string skeleton;  // TOML
};

// Written atomically: a crash or a full disk (MachineError) leaves the file of before. So does a value that is not
// finite (InputError).
void write_checkpoint(const std::string& path, const Parameters& parameters, const Adam& adam,
                      const TrainingState& state, const CheckpointTexts& texts);

// The whole file with its checksum verified. Throws InputError when it is damaged or no checkpoint.
Safetensors read_checkpoint(const std::string& path);

// Fills parameters and moments. Throws InputError, having changed nothing, when the file belongs to another network.
TrainingState restore_checkpoint(const Safetensors& file, Parameters& parameters, Adam& adam);

}  // namespace posecu
