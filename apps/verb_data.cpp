#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apps/data_sets.h"
#include "apps/data_verbs.h"
#include "apps/device.h"
#include "apps/suggestion.h"
#include "apps/verb_data_synth.h"
#include "apps/verbs.h"
#include "core/error.h"

namespace posecu {
namespace {

constexpr auto kExamples = std::to_array<Example>({
    {"posecu data check data.root=data/coco",
     "every problem of the parts data.train and data.val: labels and pictures, and what training makes of each"},
    {"posecu data check data/coco/annotations/person_keypoints_val2017.json", "of one file, labels alone"},
    {"posecu data stats coco/laptop data.root=data/coco --part val2017",
     "sizes of people against the levels of the embedding, keypoints a type, people a picture"},
    {"posecu data browse data.root=data/coco --part val2017 --out samples --count 4",
     "training samples as pictures: people, masks, targets"},
    kSynthExamples[0],
    kSynthExamples[1],
});

constexpr auto kOptions = std::to_array<OptionHelp>({
    {"--part", "NAME", "One part of the data set; default: those of data.train and data.val (browse: data.train)."},
    {"--pictures", "FOLDER", "The pictures of FILE.json."},
    {"--labels-only", "", "Read no pictures (check)."},
    {"--out", "DIR", "Where the pictures go (browse, synth)."},
    {"--json", "", "One JSON object on standard output (check, stats)."},
    {"--count", "N[,N...]", "Samples (browse), default 12; pictures of each split (synth), default 1000."},
    kSynthOptions[1],
    kSynthOptions[2],
    kSynthOptions[3],
    kSynthOptions[4],
    kSynthOptions[5],
    kThreadsOption,
    kQuietOption,
});

struct Word {
  std::string_view name;
  int (*run)(const Arguments&);
};
constexpr auto kWords = std::to_array<Word>({
    {"check", run_data_check},
    {"stats", run_data_stats},
    {"browse", run_data_browse},
    {"synth", run_data_synth},
});

bool names_annotations(const std::string& word) { return word.ends_with(".json"); }

}  // namespace

const VerbHelp kDataHelp{
    .usage = "check | stats | browse | synth  [CONFIG | FILE.json] [key=value...] [--options]",
    .examples = kExamples,
    .options = kOptions,
    .least_words = 1,
    .most_words = 2,
    .overrides = VerbHelp::Overrides::accepted,
    .text =
        "CONFIG is a TOML file or the name of a built-in configuration, FILE.json an annotation file. The keys that\n"
        "count: data.*, train.input_size, train.seed, model.head, model.embedding_dim, loss.sigma. check ends with "
        "exit\n"
        "code 3 when it found something. synth draws people, with exact labels."};

Config data_config(const Arguments& arguments) {
  return config_of(names_annotations(arguments.word(1)) ? "" : arguments.word(1), arguments.overrides());
}

std::vector<SplitFiles> data_files(const Arguments& arguments, const Config& config) {
  if (arguments.words().size() > 1 && names_annotations(arguments.words()[1]))
    return {{arguments.words()[1], arguments.value("--pictures").value_or("")}};
  if (arguments.given("--pictures")) throw UsageError("data: --pictures goes with an annotation file FILE.json");
  std::vector<std::string> parts = config.texts("data.train");
  if (!config.text("data.val").empty()) parts.push_back(config.text("data.val"));
  if (const auto part = arguments.value("--part")) parts = {*part};
  std::vector<SplitFiles> files;
  for (const std::string& part : parts)
    files.push_back(split_files(config.text("data.dataset"), data_root(config), part));
  return files;
}

int run_data(const Arguments& arguments) {
  const std::string& name = arguments.words()[0];
  const auto* const word = std::ranges::find(kWords, name, &Word::name);
  if (word != kWords.end()) return word->run(arguments);
  std::vector<std::string_view> names;
  for (const Word& known : kWords) names.push_back(known.name);
  throw UsageError(fmt::format("data: unknown word {}{}\n  try: posecu data --help", name, did_you_mean(name, names)));
}

}  // namespace posecu
