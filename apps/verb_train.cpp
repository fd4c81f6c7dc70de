#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "apps/data_sets.h"
#include "apps/device.h"
#include "apps/evaluation.h"
#include "apps/exit_code.h"
#include "apps/initial_weights.h"
#include "apps/interrupt.h"
#include "apps/machine.h"
#include "apps/progress.h"
#include "apps/skeleton_toml.h"
#include "apps/training_memory.h"
#include "apps/training_options.h"
#include "apps/verbs.h"
#include "core/counted.h"
#include "core/device_memory.h"
#include "core/error.h"
#include "training/train.h"

namespace posecu {
namespace {

constexpr auto kExamples = std::to_array<Example>({
    {"posecu train coco/laptop data.root=data/coco --out runs/first",
     "trains a small network into the new folder runs/first"},
    {"posecu train --resume runs/first", "goes on with a training that was interrupted, to the same end"},
    {"posecu train coco/higherhrnet_w32_512 data.root=data/coco train.batch=2 train.accumulate=5 --out runs/w32",
     "the published recipe, in passes of two pictures"},
});

constexpr auto kOptions = std::to_array<OptionHelp>({
    {"--out", "RUN", "New folder for everything that the training makes."},
    {"--resume", "RUN", "Folder of a training to go on with; it knows its configuration."},
    kMaxModelBytesOption,
    kAllowNonFiniteOption,
    kDeviceOption,
    kNoGraphOption,
    kTunedOption,
    kThreadsOption,
    kQuietOption,
});

struct Request {
  std::string folder;
  RunFolder::Start start;
  Config config;
  Skeleton skeleton;
};

// A run that goes on has its own copy: it need not find the file that it was started with, nor follow its changes.
Skeleton skeleton_of_run(const std::optional<std::string>& resumed, const Config& config) {
  const std::string kept = resumed.value_or("") + "/skeleton.toml";
  return resumed && std::filesystem::exists(kept) ? read_skeleton(kept) : configured_skeleton(config);
}

Request read_request(const Arguments& arguments) {
  const auto out = arguments.value("--out"), resume = arguments.value("--resume");
  if (out.has_value() == resume.has_value())
    throw UsageError("train: give --out RUN for a new training, or --resume RUN\n  try: posecu train --help");
  Config config;
  if (resume) {
    if (!arguments.words().empty() || !arguments.overrides().empty())
      throw UsageError("train: --resume goes on with the run's own configuration: give no CONFIG and no key=value");
    if (arguments.given("--tuned"))
      throw UsageError("train: --tuned is for a new run: --resume keeps the run's engines");
    if (!is_run_folder(*resume)) throw UsageError(fmt::format("train: --resume {}: no run folder", *resume));
    read_config(config, *resume + "/config.toml");
  } else if (!arguments.words().empty()) {
    read_config(config, arguments.words()[0]);
  }
  apply_overrides(config, arguments.overrides());
  check_config(config);
  Skeleton skeleton = skeleton_of_run(resume, config);
  return {resume ? *resume : *out, resume ? RunFolder::Start::resumed : RunFolder::Start::fresh, std::move(config),
          std::move(skeleton)};
}

// A loader that hangs says so every minute.
LoaderOptions telling_options(const Config& config, DeviceKind device, Progress& progress) {
  LoaderOptions options = loader_options(config, device);
  options.on_wait = [&progress](const std::string& text) { progress.message(text); };
  return options;
}

// What a training is made of, each part after those that it needs.
struct Training {
  DataSet train_set;
  std::optional<DataSet> val_set;
  std::optional<GroundTruth> truth;  // of val_set
  Context context;
  Parameters parameters;
  Network network;
  Losses losses;
  Loader loader;

  Training(const Config& config, const Skeleton& skeleton, const ContextOptions& options, Precision precision,
           Progress& progress)
      : train_set(read_train_set(config, skeleton)),
        context(options),
        network(parameters, network_options(config, train_set.skeleton.size()), precision),
        losses(loss_options(config)),
        loader(train_set, telling_options(config, context.device(), progress)) {
    if (!config.text("data.val").empty()) {
      val_set = read_val_set(config, skeleton);
      truth = read_ground_truth(val_set->annotation_file);
    }
    ContextOptions available = options;
    available.memory = tensor_memory(options, context.cuda());
    require_memory(available, training_needs(config, train_set, val_set, precision, options.device));
    parameters.allocate(context, Parameters::Gradients::allocate);
    parameters.initialise(static_cast<std::uint64_t>(config.large_integer("train.seed")));
  }
};

// A run that was killed before its first checkpoint begins again.
bool has_checkpoint(const std::string& folder) {
  return std::filesystem::exists(folder + "/checkpoints/last.safetensors");
}

std::string val_set_name(const Config& config) {
  return fmt::format("{} {}", config.text("data.dataset"), config.text("data.val"));
}

// What a reader of any AP of this run must know.
std::string choice_of_best(const Config& config) {
  if (config.text("data.val").empty())
    return "evaluates nothing (data.val is empty): the last checkpoint stands for the run";
  const bool seen =
      std::ranges::find(config.texts("data.train"), config.text("data.val")) != config.texts("data.train").end();
  return fmt::format("chooses the best checkpoint on {}{}", val_set_name(config),
                     seen ? ", which it is trained on" : "");
}

std::optional<Evaluation> evaluate_network(Training& training, const Config& config, Progress& progress,
                                           const Interrupts& interrupts) {
  training.network.prepare_inference(training.context);
  const std::size_t pictures = training.val_set->pictures.size();
  const auto table = score_network(training.context, training.network, *training.val_set, *training.truth, config,
                                   [&](std::size_t done) {
                                     if (progress.due()) progress.show(fmt::format("evaluating {}/{}", done, pictures));
                                     return !interrupts.requested();
                                   });
  if (!table) return std::nullopt;
  Evaluation evaluation{.score = table->value("AP"), .metrics = {}, .set = val_set_name(config)};
  for (const Statistic& statistic : table->statistics) evaluation.metrics.emplace_back(statistic.name, statistic.value);
  return evaluation;
}

// What matters most stands first: a narrow terminal shows no more.
std::string format_step(const TrainProgress& p) {
  return fmt::format(
      "step {}/{}  {} left  {:.2f} s/step  {:.0f} % waiting  "
      "loss {:.5f} = heatmap {:.5f} + pull {:.5f} + push {:.5f} + scale {:.5f}  lr {:.2e}  epoch {}{}",
      p.step, p.steps, format_duration(p.seconds_left), p.seconds_per_step, 100 * p.waiting, p.losses.total(),
      p.losses.heatmap, p.losses.pull, p.losses.push, p.losses.scale, p.lr, p.epoch,
      p.outcome == StepOutcome::skipped ? "  skipped: not finite" : "");
}

TrainCallables callables(Training& training, const Config& config, Progress& progress, const Interrupts& interrupts) {
  TrainCallables c;
  if (training.val_set) c.evaluate = [&] { return evaluate_network(training, config, progress, interrupts); };
  c.on_step = [&](const TrainProgress& p) {
    if (progress.due() || p.step == p.steps) progress.show(format_step(p));
  };
  c.on_evaluation = [&](const EvaluationReport& report) {
    const double ap = report.evaluation.score;
    progress.message(fmt::format("step {}: AP {:.3f} on {}{}", report.step, ap, report.evaluation.set,
                                 report.best && ap > 0 ? ", the best so far" : ""));
  };
  c.on_message = [&](const std::string& text) { progress.message(text); };
  c.stop_requested = [&] { return interrupts.requested(); };
  return c;
}

}  // namespace

const VerbHelp kTrainHelp{
    .usage = "[CONFIG] [key=value...] --out RUN | --resume RUN",
    .examples = kExamples,
    .options = kOptions,
    .least_words = 0,
    .most_words = 1,
    .overrides = VerbHelp::Overrides::accepted,
    .text =
        "CONFIG is a TOML file or the name of a built-in configuration; without it the defaults hold. Ctrl-C and\n"
        "SIGTERM end the training after the current step, with everything saved (exit codes 130 and 143); a second\n"
        "signal ends it at once. A training that was interrupted, or killed, ends in the same bytes when it is\n"
        "resumed as if it had never stopped."};

int run_train(const Arguments& arguments) {
  const Request request = read_request(arguments);
  const Config& config = request.config;
  const TrainOptions options = train_options(config);
  Progress progress(chatter(arguments));
  const ContextOptions machine = context_options(arguments);
  Training training(config, request.skeleton, machine, precision_of(config, "train.precision", machine.device),
                    progress);
  take_tuned_plans(training.context, arguments);
  for (const std::string& remark : training.train_set.remarks) progress.message(remark);
  if (!has_checkpoint(request.folder))
    progress.message(load_initial_weights(training.parameters, config, training.train_set.skeleton.keypoints,
                                          weights_limits(arguments)));

  const RunFolder folder(request.folder, request.start);
  const CheckpointTexts texts{.config = write_toml(config), .skeleton = write_toml(training.train_set.skeleton)};
  folder.write({.config = texts.config,
                .skeleton = texts.skeleton,
                .command = arguments.command_line(),
                .environment = environment_text(training.context)});
  progress.message(fmt::format("{}, {:.1f} million parameters, {}",
                               counted_pictures(training.train_set.pictures.size()),
                               static_cast<double>(training.parameters.trained_elements()) / 1e6, request.folder));
  progress.message(choice_of_best(config));
  const Interrupts interrupts;
  const TrainEnd end = train(training.context, training.network, training.parameters, training.losses, training.loader,
                             folder, texts, options, callables(training, config, progress, interrupts));
  if (end == TrainEnd::interrupted) {
    progress.message(fmt::format("interrupted, all is saved\n  go on: posecu train --resume {}", request.folder));
    return interrupts.exit_code();
  }
  progress.message(
      fmt::format("done\n  next: posecu eval {0}\n        posecu predict {0} PICTURE --out FOLDER", request.folder));
  return kDone;
}

}  // namespace posecu
