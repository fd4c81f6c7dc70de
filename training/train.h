// The training loop: steps, evaluations, checkpoints and the log of one run, from its beginning or from where it
// stopped. It prints nothing and knows no score's meaning: both come in as callables.
//
// The step alone says which batches come next (training/timetable.h) and how they are augmented (data/loader.h): with a
// checkpoint's content, a run that is resumed goes on with the same bits.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/context.h"
#include "core/parameters.h"
#include "data/loader.h"
#include "losses/losses.h"
#include "models/network.h"
#include "training/adam.h"
#include "training/checkpoint.h"
#include "training/run_folder.h"
#include "training/run_log.h"
#include "training/step.h"
#include "training/timetable.h"

namespace posecu {

struct TrainOptions {
  TimetableOptions timetable;
  AdamOptions adam;
  int keep = 2;  // checkpoints, besides the best
};

// After a step, and its evaluation if it had one.
struct TrainProgress {
  std::int64_t step = 0, steps = 0;  // done, of all
  std::int64_t epoch = 0;            // that the step belonged to, from 0
  double lr = 0;
  StepOutcome outcome = StepOutcome::updated;
  LossValues losses;
  double seconds_per_step = 0;  // mean over the last steps
  double seconds_left = 0;      // at that rate, evaluations left out
  double waiting = 0;           // share of the time spent waiting for data, 0 to 1, over the same steps
};

struct EvaluationReport {
  std::int64_t step = 0;
  Evaluation evaluation;
  bool best = false;  // the best so far
};

struct TrainCallables {
  // Gives nothing when it was stopped before its end. Called between steps; must leave parameters as they are. May be
  // empty: then nothing is evaluated. The others must be there.
  std::function<std::optional<Evaluation>()> evaluate;
  std::function<void(const TrainProgress&)> on_step;
  std::function<void(const EvaluationReport&)> on_evaluation;
  std::function<void(const std::string&)> on_message;  // a warning, or where the run goes on
  std::function<bool()> stop_requested;                // asked after every step
};

enum class TrainEnd {
  finished,
  interrupted  // a stop was requested: all is saved
};

// Trains from the newest checkpoint in the folder, or from the parameters as they are when there is none.
// Throws InputError when values were not finite in ten steps in a row, MachineError when saving fails.
TrainEnd train(Context& context, Network& network, Parameters& parameters, const Losses& losses, Loader& loader,
               const RunFolder& folder, const CheckpointTexts& texts, const TrainOptions& options,
               const TrainCallables& callables);

}  // namespace posecu
