#include "training/train.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <set>
#include <span>
#include <utility>

#include "core/error.h"
#include "data/device_batch.h"
#include "layers/convolution_plans.h"
#include "training/checkpoint_folder.h"

namespace posecu {
namespace {

// Steps with values that are not finite, one after another, that end a training.
constexpr std::int64_t kMaxSkippedRow = 10;

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Means over about the last fifty steps.
class Pace {
 public:
  void add(double seconds, double waiting) {
    steps_ = std::min(steps_ + 1, 50.0);
    seconds_ += (seconds - seconds_) / steps_;
    waiting_ += (waiting - waiting_) / steps_;
  }
  double seconds() const { return seconds_; }
  double waiting() const { return seconds_ > 0 ? waiting_ / seconds_ : 0; }

 private:
  double steps_ = 0, seconds_ = 0, waiting_ = 0;
};

class Trainer {
 public:
  Trainer(Context& context, Network& network, Parameters& parameters, const Losses& losses, Loader& loader,
          const RunFolder& folder, const CheckpointTexts& texts, const TrainOptions& options,
          const TrainCallables& callables)
      : context_(context),
        parameters_(parameters),
        loader_(loader),
        texts_(texts),
        options_(options),
        callables_(callables),
        timetable_(options.timetable, loader.batches_per_epoch()),
        adam_(context, parameters, options.adam),
        step_(context, network, parameters, losses, adam_, options.timetable.accumulate),
        batch_(context, loader.keypoints(), loader.options()),
        folder_(folder),
        checkpoints_(folder.checkpoints(), options.keep),
        state_(load()),
        log_(folder.path(), {state_.step, state_.evaluated == Evaluated::yes}, callables.on_message) {
    loader_.seek({state_.epoch, static_cast<int>(state_.batch)});
  }

  TrainEnd run() {
    keep_plans();
    if (callables_.evaluate && state_.step > 0 && state_.evaluated == Evaluated::no &&
        timetable_.evaluation_due(state_.step)) {
      // The evaluation of this step was interrupted.
      if (!evaluate()) return TrainEnd::interrupted;
      save();
    }
    for (bool first = true; state_.step < timetable_.steps(); first = false) {
      run_step();
      if (first) keep_plans();
      const bool evaluation_due = callables_.evaluate && timetable_.evaluation_due(state_.step);
      const bool stopped = evaluation_due && !evaluate();
      const bool stop = stopped || callables_.stop_requested();
      if (stop || evaluation_due || timetable_.save_due(state_.step)) save();
      if (stop && (stopped || state_.step < timetable_.steps())) return TrainEnd::interrupted;
    }
    return TrainEnd::finished;
  }

 private:
  TrainingState load();
  void go_on_with_plans(const std::string& plans);
  void keep_plans();
  void run_step();
  void send_batch();
  void take_batch();
  bool evaluate();
  void save();
  void report_overflow(const RunLog::Place& place, float loss_scale);
  void report_skipped(const RunLog::Place& place);
  void report_progress(const StepResult& result, const RunLog::Place& place);

  Context& context_;
  Parameters& parameters_;
  Loader& loader_;
  const CheckpointTexts& texts_;
  const TrainOptions& options_;
  const TrainCallables& callables_;
  Timetable timetable_;
  Adam adam_;
  TrainingStep step_;
  DeviceBatch batch_;
  bool sent_ = false;           // the next batch is on its way
  std::exception_ptr failure_;  // of sending it
  const RunFolder& folder_;
  CheckpointFolder checkpoints_;
  TrainingState state_;
  RunLog log_;
  Pace pace_;
  std::vector<std::int64_t> picture_ids_;  // of this step
  std::set<std::string> told_;             // remarks on pictures, which every epoch repeats
};

TrainingState Trainer::load() {
  TrainingState state = checkpoints_.load_newest(parameters_, adam_, callables_.on_message).value_or(TrainingState{});
  if (state.loss_scale && step_.loss_scale()) step_.restore_loss_scale(*state.loss_scale);
  const auto [epoch, batch] = timetable_.first_batch(state.step);
  if (state.step > 0) {
    callables_.on_message(fmt::format("going on after step {} of {}", state.step, timetable_.steps()));
    if (state.batches_per_epoch != loader_.batches_per_epoch() || state.epoch != epoch || state.batch != batch) {
      throw UsageError(fmt::format(
          "cannot resume: the run was before batch {} of {} in epoch {}, now step {} reads batch {} of {} in epoch {}: "
          "the data set, train.batch or train.accumulate has changed\n  try: undo that, or start a new run with "
          "model.init=CHECKPOINT",
          state.batch, state.batches_per_epoch, state.epoch, state.step, batch, loader_.batches_per_epoch(), epoch));
    }
    go_on_with_plans(state.plans);
    if (state.threads != context_.threads()) {
      callables_.on_message(
          fmt::format("the run had {} compute threads, now {}: results will differ in their last bits\n  try: "
                      "--threads {} for the same bits",
                      state.threads, context_.threads(), state.threads));
    }
  } else if (const std::string plans = folder_.plans(); !plans.empty()) {
    go_on_with_plans(plans);  // of a run that ended before its first checkpoint
  }
  state.epoch = epoch, state.batch = batch;
  state.batches_per_epoch = loader_.batches_per_epoch();
  state.threads = context_.threads();
  return state;
}

// The run's engines of cuDNN, so that the bits stay the same; the heuristic's where they were another GPU's or cuDNN's.
void Trainer::go_on_with_plans(const std::string& plans) {
  const bool gpu = context_.device() == DeviceKind::cuda;
  const std::string before = plans.empty() ? "the CPU" : origin_of_plans(plans),
                    now = gpu ? convolution_plans(context_).origin() : "the CPU";
  if (before != now) {
    callables_.on_message(
        fmt::format("the run computed with {}, now with {}: results will differ in their last bits", before, now));
  } else if (gpu) {
    convolution_plans(context_).restore(plans, "the run's plans");
  }
}

// The first step has met every shape.
void Trainer::keep_plans() {
  if (context_.device() == DeviceKind::cpu) return folder_.write_plans("");
  const ConvolutionPlans& plans = convolution_plans(context_);
  folder_.write_plans(plans.describe());
  if (plans.missing().empty()) return;
  callables_.on_message(
      fmt::format("cuDNN {} does not offer the engines that were asked for here, {} takes others for: {}",
                  plans.cudnn().version(), plans.device(), fmt::join(plans.missing(), "; ")));
}

void Trainer::run_step() {
  const double start = seconds_now(), waited_before = loader_.seconds_waited();
  const RunLog::Place place{state_.step + 1, state_.epoch, timetable_.learning_rate(options_.adam.lr, state_.step)};
  picture_ids_.clear();
  step_.begin(context_, place.lr);
  for (int pass = 0; pass < options_.timetable.accumulate; ++pass) {
    take_batch();
    step_.add_pass(context_, batch_.images(), batch_.targets());
    const bool last = pass + 1 == options_.timetable.accumulate && state_.step + 1 == timetable_.steps();
    if (!last) send_batch();
  }
  const StepResult result = step_.finish(context_);

  ++state_.step;
  state_.evaluated = Evaluated::no;
  const auto [epoch, batch] = timetable_.first_batch(state_.step);
  state_.epoch = epoch, state_.batch = batch;
  const double seconds = seconds_now() - start, waiting = loader_.seconds_waited() - waited_before;
  pace_.add(seconds, waiting);
  switch (result.outcome) {
    case StepOutcome::updated:
      state_.skipped_row = 0;
      log_.add_step(place, result.losses, result.gradient_norm, seconds, waiting);
      break;
    case StepOutcome::overflowed:
      report_overflow(place, result.loss_scale);
      break;
    case StepOutcome::skipped:
      report_skipped(place);
  }
  report_progress(result, place);
}

// What goes wrong with a batch concerns the step that takes it, not the one that runs meanwhile.
void Trainer::send_batch() {
  try {
    batch_.send(loader_.next());
    sent_ = true;
  } catch (...) {
    failure_ = std::current_exception();
  }
}

void Trainer::take_batch() {
  if (!sent_ && !failure_) send_batch();
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  batch_.receive();
  sent_ = false;
  const Batch& batch = batch_.batch();
  for (const std::string& remark : batch.remarks) {
    if (told_.insert(remark).second) callables_.on_message(remark);
  }
  picture_ids_.insert(picture_ids_.end(), batch.picture_ids.begin(), batch.picture_ids.end());
}

void Trainer::report_overflow(const RunLog::Place& place, float loss_scale) {
  ++state_.skipped;
  log_.add_skipped(place, picture_ids_);
  callables_.on_message(
      fmt::format("step {}: gradients too large for fp16 at a loss scale of {}: step skipped, scale halved", place.step,
                  loss_scale));
}

void Trainer::report_skipped(const RunLog::Place& place) {
  ++state_.skipped, ++state_.skipped_row;
  log_.add_skipped(place, picture_ids_);
  const std::span shown(picture_ids_.data(), std::min(picture_ids_.size(), std::size_t{16}));
  const std::string what = fmt::format("step {}: a loss or gradient is not finite; pictures {}{}", place.step,
                                       fmt::join(shown, " "), shown.size() < picture_ids_.size() ? " ..." : "");
  if (state_.skipped_row < kMaxSkippedRow) {
    callables_.on_message(what + ": step skipped, nothing changed");
    return;
  }
  throw InputError(
      "training", what,
      fmt::format(
          "the {}th such step in a row\n  the weights of the last checkpoint are from before them\n  try: a lower "
          "train.lr, a longer train.warmup_steps, posecu data check",
          kMaxSkippedRow));
}

void Trainer::report_progress(const StepResult& result, const RunLog::Place& place) {
  const std::int64_t steps = timetable_.steps();
  callables_.on_step({.step = place.step,
                      .steps = steps,
                      .epoch = place.epoch,
                      .lr = place.lr,
                      .outcome = result.outcome,
                      .losses = result.losses,
                      .seconds_per_step = pace_.seconds(),
                      .seconds_left = pace_.seconds() * static_cast<double>(steps - place.step),
                      .waiting = pace_.waiting()});
}

bool Trainer::evaluate() {
  step_.forget_recordings();  // the evaluation may need the memory
  const std::optional<Evaluation> evaluation = callables_.evaluate();
  if (!evaluation) return false;
  state_.evaluated = Evaluated::yes;
  const bool best =
      !state_.best_score ? evaluation->score == evaluation->score : evaluation->score > *state_.best_score;
  if (best) state_.best_score = evaluation->score, state_.best_step = state_.step;
  log_.add_evaluation({state_.step, timetable_.first_batch(state_.step - 1).epoch, 0}, *evaluation);
  callables_.on_evaluation({state_.step, *evaluation, best});
  return true;
}

void Trainer::save() {
  log_.sync();
  log_.draw();
  state_.loss_scale = step_.loss_scale();
  state_.plans = context_.device() == DeviceKind::cuda ? convolution_plans(context_).describe() : "";
  checkpoints_.save(parameters_, adam_, state_, texts_);
}

}  // namespace

TrainEnd train(Context& context, Network& network, Parameters& parameters, const Losses& losses, Loader& loader,
               const RunFolder& folder, const CheckpointTexts& texts, const TrainOptions& options,
               const TrainCallables& callables) {
  return Trainer(context, network, parameters, losses, loader, folder, texts, options, callables).run();
}

}  // namespace posecu
