#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <iostream>

#include "apps/bench.h"
#include "apps/config.h"
#include "apps/data_sets.h"
#include "apps/device.h"
#include "apps/exit_code.h"
#include "apps/machine.h"
#include "apps/output.h"
#include "apps/suggestion.h"
#include "apps/verbs.h"
#include "core/error.h"
#include "layers/convolution_tuning.h"

namespace posecu {
namespace {

constexpr auto kExamples = std::to_array<Example>({
    {"posecu bench coco/higherhrnet_w32_512", "inference of one picture and a training step of train.batch"},
    {"posecu bench coco/hrnet_w48_640 train.batch=2 --only step --json", "one of them, as JSON"},
    {"posecu bench 'model.modules=[1,1,1]' model.width=16 model.blocks=1 train.batch=1 --seconds 0.1",
     "a small network, quickly"},
});

constexpr auto kOptions = std::to_array<OptionHelp>({
    {"--only", "WORK", "inference, step, or losses (of a step); default: the first two."},
    {"--batch", "N", "Pictures of an inference, default 1. A step has train.batch."},
    {"--seconds", "S", "How long each measurement goes on, default 3; at least three runs."},
    {"--tune", "", "Measures which of cuDNN's engines is the fastest for each convolution, and keeps the answers."},
    {"--serve", "", "With --only: for each line N on standard input, N times in ms. For comparisons in turns."},
    {"--json", "", "One JSON object on standard output instead of the tables."},
    kDeviceOption,
    kNoGraphOption,
    kTunedOption,
    kThreadsOption,
    kQuietOption,
});

template <class Number>
Number number_of(const Arguments& arguments, std::string_view option, Number fallback, Number least, Number most) {
  const auto text = arguments.value(option);
  if (!text) return fallback;
  Number number{};
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size() || number < least || number > most)
    throw UsageError(fmt::format("{} {}: expected a number from {} to {}", option, *text, least, most));
  return number;
}

// The word given for `option` among `names`: its place.
std::optional<std::size_t> choice_of(const Arguments& arguments, std::string_view option,
                                     const std::vector<std::string_view>& names) {
  const auto text = arguments.value(option);
  if (!text) return std::nullopt;
  const auto found = std::ranges::find(names, *text);
  if (found == names.end())
    throw UsageError(
        fmt::format("{} {}: expected {}{}", option, *text, fmt::join(names, ", "), did_you_mean(*text, names)));
  return static_cast<std::size_t>(found - names.begin());
}

const std::vector<std::string_view> kWorks{"inference", "step", "losses"};  // as the enumeration

std::string describe(const ContextOptions& where) {
  if (where.device == DeviceKind::cuda)
    return posecu::describe(cuda_devices().at(static_cast<std::size_t>(where.device_index)));
  return fmt::format("{}, {} threads", processor_name(), where.threads > 0 ? where.threads : usable_cores());
}

BenchOptions read_options(const Arguments& arguments, const Config& config, const ContextOptions& where) {
  BenchOptions options = bench_options(config, where);
  options.inference_batch = number_of(arguments, "--batch", 1, 1, kMostPictures);
  options.seconds = number_of(arguments, "--seconds", 3.0, 0.0, 3600.0);
  if (arguments.given("--tuned")) {
    Context context(where);
    options.plans = tuned_plans(context, arguments);
  }
  return options;
}

void serve(const ContextOptions& where, const BenchOptions& options, BenchedWork work) {
  using Clock = std::chrono::steady_clock;
  BenchedNetwork network(where, options, work);
  int runs = 0;
  while (std::cin >> runs) {
    for (int i = 0; i < runs; ++i) {
      const auto begin = Clock::now();
      network.run();
      print(fmt::format("{:.4f} ", std::chrono::duration<double, std::milli>(Clock::now() - begin).count()));
    }
    print(fmt::format("{}\n", network.context().arena().peak()));
    flush_output();
  }
}

// Every convolution of inference and step, with each engine that cuDNN has for it.
std::string tune(const ContextOptions& where, const BenchOptions& options) {
  if (where.device != DeviceKind::cuda)
    throw UsageError("bench --tune measures cuDNN's engines: it needs --device cuda");
  std::string table = fmt::format("{:>9} {:>9} {:>7}  {}\n", "ms", "before", "engines", "operation: engine");
  for (const BenchedWork work : {BenchedWork::inference, BenchedWork::training_step}) {
    BenchedNetwork network(where, options, work);
    network.run();
    const ConvolutionPlans& plans = convolution_plans(network.context());
    const std::vector<TunedPlan> tuned = tune_plans(network.context());
    write_plan_cache(default_plan_cache(), {plans.device(), plans.cudnn().version()}, tuned);
    for (const TunedPlan& plan : tuned)
      table += fmt::format("{:>9.4f} {:>9.4f} {:>7}  {}: {}\n", plan.ms, plan.default_ms, plan.measured, plan.operation,
                           plan.engine);
  }
  return table + fmt::format("kept in {}\n", default_plan_cache());
}

}  // namespace

const VerbHelp kBenchHelp{
    .usage = "[CONFIG] [key=value...] [--options]",
    .examples = kExamples,
    .options = kOptions,
    .least_words = 0,
    .most_words = 1,
    .overrides = VerbHelp::Overrides::accepted,
    .text =
        "Times a network of random weights on pictures of three people each: the whole, then every operation by\n"
        "itself, by kind and by shape. Beside each stand the bytes a second and the share of a copy's speed, and the\n"
        "products and sums a second and the share of a large matrix product's, both measured in the same run.\n"
        "--serve writes the times of each line in ms, then the bytes that tensors took at most."};

int run_bench(const Arguments& arguments) {
  const Config config = config_of(arguments.word(0), arguments.overrides());
  const auto only = choice_of(arguments, "--only", kWorks);
  if (arguments.given("--serve") && !only) throw UsageError("bench: --serve needs --only\n  try: posecu bench --help");
  const ContextOptions where = context_options(arguments);
  const BenchOptions options = read_options(arguments, config, where);
  if (arguments.given("--tune")) return print(tune(where, options)), kDone;
  if (arguments.given("--serve")) return serve(where, options, static_cast<BenchedWork>(*only)), kDone;
  const Chatter chatty = chatter(arguments);
  say(chatty, "measuring a copy and a large matrix product\n");
  BenchReport report{
      describe(options, config.text("train.precision")), describe(where), measure_limits(where, options), {}};
  std::vector<BenchedWork> works{BenchedWork::inference, BenchedWork::training_step};
  if (only) works = {static_cast<BenchedWork>(*only)};
  for (const BenchedWork work : works) {
    say(chatty, fmt::format("measuring {}: the whole, then each operation\n", kWorks[static_cast<std::size_t>(work)]));
    report.runs.push_back(bench(where, options, work));
  }
  print(arguments.given("--json") ? bench_json(report) + "\n" : bench_table(report));
  return kDone;
}

}  // namespace posecu
