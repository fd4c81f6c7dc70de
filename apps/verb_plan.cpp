#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "apps/bench.h"
#include "apps/config.h"
#include "apps/data_sets.h"
#include "apps/device.h"
#include "apps/exit_code.h"
#include "apps/machine.h"
#include "apps/output.h"
#include "apps/training_memory.h"
#include "apps/training_options.h"
#include "apps/verbs.h"
#include "core/cuda.h"
#include "core/error.h"

namespace posecu {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kGib = 1 << 30;

constexpr auto kExamples = std::to_array<Example>({
    {"posecu plan coco/higherhrnet_w32_512",
     "what training and inference take, and the largest batch for this machine"},
    {"posecu plan coco/hrnet_w48_640 --memory 24", "the same for a device of 24 GiB"},
    {"posecu plan coco/laptop train.batch=8 --json", "as JSON"},
});

constexpr auto kOptions = std::to_array<OptionHelp>({
    {"--memory", "GIB", "Memory to fit into; default: what is available here."},
    {"--json", "", "One JSON object on standard output."},
    kDeviceOption,
    kThreadsOption,
    kQuietOption,
});

double available_bytes(const Arguments& arguments, const ContextOptions& where) {
  if (const auto given = arguments.value("--memory"))
    return static_cast<double>(whole_number("--memory", *given, 1, 1 << 20)) * kGib;
  if (where.device == DeviceKind::cuda)
    return static_cast<double>(cuda_devices().at(static_cast<std::size_t>(where.device_index)).free);
  return std::max(0.0, available_memory_gib()) * kGib;
}

MemoryNeed count_inference(ContextOptions where, const BenchOptions& options) {
  where.dry_run = true;
  BenchedNetwork network(where, options, BenchedWork::inference);
  network.run();
  return memory_need(network.context().arena());
}

std::string mib(std::size_t bytes) { return fmt::format("{:.1f}", static_cast<double>(bytes) / (1 << 20)); }

std::string table(const MemoryNeed& step, const MemoryNeed& inference) {
  std::string text = fmt::format("{:<24}{:>14}{:>14}\n", "MiB at most", "step", "inference");
  for (int i = 0; i < kMemoryClasses; ++i) {
    const auto at = static_cast<std::size_t>(i);
    text += fmt::format("{:<24}{:>14}{:>14}\n", to_string(static_cast<MemoryClass>(i)), mib(step.by_class[at]),
                        mib(inference.by_class[at]));
  }
  return text + fmt::format("{:<24}{:>14}{:>14}\n", "all, at the same time", mib(step.peak), mib(inference.peak));
}

Json to_json(const MemoryNeed& need) {
  Json json;
  for (int i = 0; i < kMemoryClasses; ++i)
    json[std::string(to_string(static_cast<MemoryClass>(i)))] = need.by_class[static_cast<std::size_t>(i)];
  json["peak"] = need.peak;
  return json;
}

}  // namespace

const VerbHelp kPlanHelp{
    .usage = "[CONFIG] [key=value...] [--memory GIB] [--options]",
    .examples = kExamples,
    .options = kOptions,
    .least_words = 0,
    .most_words = 1,
    .overrides = VerbHelp::Overrides::accepted,
    .text =
        "Goes through a training step of train.batch pictures and an inference of one, computing nothing, and counts\n"
        "every tensor. Each kind has its own worst moment, so together they take less than their sum. The program,\n"
        "its libraries and pictures that are read ahead come on top."};

int run_plan(const Arguments& arguments) {
  const Config config = config_of(arguments.word(0), arguments.overrides());
  ContextOptions where = context_options(arguments);
  const BenchOptions options = bench_options(config, where);
  const TrainingNeeds needs = training_needs(config, configured_skeleton(config), options.precision, where.device);
  const MemoryNeed step = rehearse(where, needs), inference = count_inference(where, options);
  const double available = available_bytes(arguments, where);
  where.memory = static_cast<std::size_t>(available);
  const int largest = largest_batch_that_fits(where, needs, kMostPictures + 1);
  if (arguments.given("--json")) {
    print(Json{{"train.batch", options.training_batch},
               {"step", to_json(step)},
               {"inference", to_json(inference)},
               {"available", static_cast<std::size_t>(available)},
               {"largest_batch", largest}}
              .dump(2) +
          "\n");
    return kDone;
  }
  std::string text =
      fmt::format("{}\nstep: {} pictures, inference: 1 picture\n\n{}\n",
                  describe(options, config.text("train.precision")), options.training_batch, table(step, inference));
  text += largest > 0 ? fmt::format("largest train.batch in {:.1f} GiB: {}\n", available / kGib, largest)
                      : fmt::format("not even train.batch=1 fits into {:.1f} GiB\n", available / kGib);
  print(text);
  return kDone;
}

}  // namespace posecu
