#include <fmt/format.h>

#include "apps/suggestion.h"
#include "apps/verb_data_synth.h"
#include "apps/verbs.h"
#include "core/error.h"

namespace posecu {
namespace {

constexpr auto kOptions = std::to_array<OptionHelp>({
    {"--out", "DIR", "Folder for the result; must be empty or new."},
    kSynthOptions[0],
    kSynthOptions[1],
    kSynthOptions[2],
    kSynthOptions[3],
    kSynthOptions[4],
    kSynthOptions[5],
    kThreadsOption,
    kQuietOption,
});

struct Task {
  std::string_view name;
  int (*run)(const Arguments&);
};
constexpr auto kTasks = std::to_array<Task>({{"synth", run_data_synth}});

}  // namespace

const VerbHelp kDataHelp{.usage = "synth --out DIR [--options]",
                         .examples = kSynthExamples,
                         .options = kOptions,
                         .least_words = 1,
                         .most_words = 1,
                         .text = "synth draws people, with exact labels."};

int run_data(const Arguments& arguments) {
  const std::string& name = arguments.words()[0];
  std::vector<std::string_view> names;
  for (const Task& task : kTasks) {
    if (task.name == name) return task.run(arguments);
    names.push_back(task.name);
  }
  throw UsageError(fmt::format("data: unknown task {}{}\n  try: posecu data --help", name, did_you_mean(name, names)));
}

}  // namespace posecu
