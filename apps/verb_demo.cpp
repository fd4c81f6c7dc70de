// The whole story: draws people, trains, scores, draws what was found. Every part is another verb's work, which the
// reader can do with the command that is printed before it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <limits>

#include "apps/data_sets.h"
#include "apps/demo.h"
#include "apps/device.h"
#include "apps/exit_code.h"
#include "apps/interrupt.h"
#include "apps/machine.h"
#include "apps/model.h"
#include "apps/progress.h"
#include "apps/verbs.h"
#include "core/error.h"
#include "core/file.h"
#include "data/synth_set.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr auto kExamples = std::to_array<Example>({
    {"posecu demo", "trains for some minutes and leaves demo/index.html, to be opened with a browser"},
    {"posecu demo --quick --out quick", "the same in a minute or two: the network learns less"},
    {"posecu demo --seed 2 --out second loss.sigma=2.0", "other people, other fresh weights, another recipe"},
});

constexpr auto kOptions = std::to_array<OptionHelp>({
    {"--out", "DIR", "New folder for everything; default: demo, or the first of demo-2, demo-3, ... that is free."},
    {"--quick", "", "A shorter training on fewer pictures, under two minutes on two cores."},
    {"--seed", "N", "Other pictures and other fresh weights for another number; default 1."},
    {"--count", "N,N,N", "Pictures to learn from, to choose the best checkpoint on, and to be scored on."},
    kDeviceOption,
    kThreadsOption,
    kQuietOption,
});

constexpr std::string_view kRecipe = "synth/easy";
constexpr std::array kCounts{12000, 60, 300}, kQuickCounts{2000, 40, 100};
constexpr std::size_t kShown = 8;  // pictures of each kind on the page

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

std::string free_folder() {
  std::string name = "demo";
  for (int n = 2; fs::exists(name); ++n) name = fmt::format("demo-{}", n);
  return name;
}

std::string read_folder(const Arguments& arguments) {
  std::string folder = arguments.value("--out").value_or(free_folder());
  if (fs::exists(folder) && (!fs::is_directory(folder) || !fs::is_empty(folder)))
    throw UsageError(fmt::format("demo: --out {}: it exists already\n  try: another --out", folder));
  return folder;
}

std::array<int, 3> read_counts(const Arguments& arguments, bool quick) {
  std::array<int, 3> counts = quick ? kQuickCounts : kCounts;
  const auto given = arguments.value("--count");
  if (!given) return counts;
  std::string_view rest = *given;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::size_t comma = rest.find(',');
    if ((comma == rest.npos) != (i + 1 == counts.size()))
      throw UsageError(fmt::format("demo: --count {}: expected three numbers, for example 2000,40,100", *given));
    counts[i] = static_cast<int>(whole_number("--count", rest.substr(0, comma), 1, kMostSynthPictures));
    rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
  }
  return counts;
}

std::string_view key_of(std::string_view word) { return word.substr(0, word.find('=')); }

// What the training is given besides its recipe: the demo's own keys, those of the command line in their place.
std::vector<std::string> training_keys(const Arguments& arguments, const DemoPlan& plan) {
  std::vector<std::string> keys{"data.root=" + plan.set(), fmt::format("train.seed={}", plan.seed)};
  if (plan.quick) keys.insert(keys.end(), {"train.steps=450", "train.eval_every=150"});
  for (const std::string& word : arguments.overrides()) {
    if (key_of(word) == "data.root") throw UsageError("demo: data.root is the demo's own\n  try: --out DIR");
    std::erase_if(keys, [&](const std::string& key) { return key_of(key) == key_of(word); });
  }
  keys.insert(keys.end(), arguments.overrides().begin(), arguments.overrides().end());
  return keys;
}

class Demo {
 public:
  explicit Demo(const Arguments& arguments)
      : arguments_(arguments), where_(context_options(arguments)), chatter_(chatter(arguments)) {
    plan_.folder = read_folder(arguments);
    plan_.quick = arguments.given("--quick");
    plan_.counts = read_counts(arguments, plan_.quick);
    plan_.seed = static_cast<std::uint64_t>(
        whole_number("--seed", arguments.value("--seed").value_or("1"), 0, std::numeric_limits<std::int64_t>::max()));
    keys_ = training_keys(arguments, plan_);
    read_config(plan_.config, std::string(kRecipe));
    apply_overrides(plan_.config, keys_);
    check_config(plan_.config);
  }

  int run();

 private:
  void tell_plan() const;
  int draw_set();
  int train_network();
  int score();
  void finish();

  // Runs `posecu VERB WORDS...` in this process, after saying so.
  int run_verb(std::string_view verb, std::vector<std::string> words);
  void announce(const std::string& command);

  const Arguments& arguments_;
  ContextOptions where_;
  Chatter chatter_;
  DemoPlan plan_;
  std::vector<std::string> keys_;
  DemoStory story_;
};

int Demo::run() {
  tell_plan();
  for (const auto part : {&Demo::draw_set, &Demo::train_network, &Demo::score})
    if (const int code = (this->*part)(); code != kDone) return code;
  finish();
  return kDone;
}

void Demo::tell_plan() const {
  if (chatter_ == Chatter::quiet) return;
  say(chatter_, "demo: measuring this machine ...\n");
  const DemoForecast ahead = forecast(plan_, where_);
  const auto [train, val, test] = plan_.counts;
  say(chatter_, fmt::format("demo: teaches a fresh network to find people, in about {} on this machine:\n"
                            "  {:>6}  drawing {} pictures of people\n"
                            "  {:>6}  training: {} steps of {} pictures, {:.0f} ms each as just measured\n"
                            "  {:>6}  scoring it on {} pictures that it has never seen\n"
                            "  everything goes into {}/; Ctrl-C stops\n",
                            format_duration(ahead.total()), format_duration(ahead.drawing), train + val + test,
                            format_duration(ahead.training), plan_.steps(), plan_.config.integer("train.batch"),
                            1000 * ahead.step, format_duration(ahead.scoring), test, plan_.folder));
}

void Demo::announce(const std::string& command) {
  story_.commands.push_back(command);
  say(chatter_, fmt::format("\n{}/3  {}\n", story_.commands.size(), command));
}

int Demo::run_verb(std::string_view verb, std::vector<std::string> words) {
  for (const std::string_view option : {"--device", "--threads"})
    if (const auto value = arguments_.value(option); value && !(verb == "data" && option == "--device"))
      words.insert(words.end(), {std::string(option), *value});
  if (chatter_ == Chatter::quiet) words.emplace_back("--quiet");
  std::vector<const char*> pointers;
  for (const std::string& word : words) pointers.push_back(word.c_str());
  const Verb& found = find_verb(verb);
  const Arguments parsed = Arguments::parse(found, pointers);
  announce(parsed.command_line());
  const int code = found.run(parsed);
  flush_output();
  return code;
}

int Demo::draw_set() {
  const auto begin = Clock::now();
  const int code =
      run_verb("data", {"synth", "--out", plan_.set(), "--preset", "easy", "--size",
                        fmt::format("{0}x{0}", kDemoPictureSide), "--split", "train,val,test", "--count",
                        fmt::format("{}", fmt::join(plan_.counts, ",")), "--seed", std::to_string(plan_.seed)});
  story_.took.drawing = seconds_since(begin);
  return code;
}

int Demo::train_network() {
  const auto begin = Clock::now();
  std::vector<std::string> words{std::string(kRecipe)};
  words.insert(words.end(), keys_.begin(), keys_.end());
  words.insert(words.end(), {"--out", plan_.run()});
  const int code = run_verb("train", std::move(words));
  story_.took.training = seconds_since(begin);
  story_.took.step = story_.took.training / plan_.steps();
  return code;
}

int Demo::score() {
  const auto begin = Clock::now();
  announce(fmt::format("posecu eval {} data.val=test", plan_.run()));
  const Interrupts interrupts;
  const ResolvedModel model = resolve_model(plan_.run(), std::nullopt, std::vector<std::string>{"data.val=test"});
  const DataSet set = read_val_set(model.config);
  const GroundTruth truth = read_ground_truth(set.annotation_file);
  Context context(where_);
  LoadedNetwork loaded(context, model);
  Progress progress(chatter_);
  auto table = score_network(context, loaded.network(), set, truth, model.config, [&](std::size_t done) {
    if (progress.due()) progress.show(fmt::format("picture {}/{}", done, set.pictures.size()));
    return !interrupts.requested();
  });
  progress.clear();
  if (!table) return interrupts.exit_code();
  print(format_table(*table));
  flush_output();
  story_.table = std::move(*table);
  story_.took.scoring = seconds_since(begin);

  Parameters parameters;
  const Network counted(parameters, model.network);
  story_.parameters = static_cast<double>(parameters.trained_elements());
  PeopleFinder finder(context, loaded.network(), set.skeleton, find_options(model.config));
  story_.found = draw_found(finder, set, kShown, model.config, plan_.folder + "/found");
  story_.learned = draw_labelled(read_train_set(model.config), kShown, plan_.folder + "/shown");
  story_.machine = fmt::format("{}, {} threads", processor_name(), context.threads());
  if (where_.device == DeviceKind::cuda) story_.machine = cuda_devices().at(where_.device_index).name;
  return interrupts.requested() ? interrupts.exit_code() : kDone;
}

void Demo::finish() {
  const std::string page = plan_.folder + "/index.html";
  const std::time_t now = std::time(nullptr);
  std::tm day{};
  gmtime_r(&now, &day);
  story_.date = fmt::format("{:04}-{:02}-{:02}", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday);
  write_file_atomically(page, demo_page(plan_, story_));
  print(
      fmt::format("\n{1}\n  the story with its pictures: open it with a browser ({0} in all)\n\n"
                  "Next, type\n"
                  "  posecu predict {2} PICTURE --out found     people in a picture of yours; this network has only "
                  "seen drawn ones\n"
                  "  posecu train coco/laptop data.root=COCO --out runs/coco     a small network on your copy of "
                  "COCO\n"
                  "  posecu config show coco/higherhrnet_w32_512     the published recipe\n"
                  "  posecu --help     everything else\n",
                  format_duration(story_.took.total()), page, plan_.run()));
}

}  // namespace

const VerbHelp kDemoHelp{
    .usage = "[key=value...] [--options]",
    .examples = kExamples,
    .options = kOptions,
    .least_words = 0,
    .most_words = 0,
    .overrides = VerbHelp::Overrides::accepted,
    .text =
        "Draws pictures of people, trains a small network on them from fresh weights (configuration synth/easy, which\n"
        "key=value changes), scores it on pictures that it has not seen, and writes DIR/index.html. Nothing is\n"
        "downloaded. Says first how long it will take. Ctrl-C stops; a training that was stopped goes on with\n"
        "posecu train --resume DIR/run."};

int run_demo(const Arguments& arguments) { return Demo(arguments).run(); }

}  // namespace posecu
