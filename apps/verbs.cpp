#include "apps/verbs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "apps/suggestion.h"
#include "core/error.h"

namespace posecu {
namespace {

constexpr auto kVerbs = std::to_array<Verb>({
    {"demo", "tells the whole story in minutes: draws people, trains, scores, writes a page about it", run_demo,
     &kDemoHelp},
    {"train", "trains a network into a run folder, or goes on with a training", run_train, &kTrainHelp},
    {"eval", "scores a network on a data set: its AP table, and the people it found as a results file", run_eval,
     &kEvalHelp},
    {"predict", "finds the people in pictures: draws them, and writes their keypoints as JSON", run_predict,
     &kPredictHelp},
    {"score", "scores a results file against annotations, as the official tools do; no network", run_score,
     &kScoreHelp},
    {"forward", "runs a network on a tensor, to compare it with another implementation", run_forward, &kForwardHelp},
    {"weights", "looks into weights files of any format, compares and converts them", run_weights, &kWeightsHelp},
    {"data", "checks, counts and draws a data set; makes pictures of drawn people", run_data, &kDataHelp},
    {"plan", "says what memory a training takes, of what kind, and the largest batch that fits", run_plan, &kPlanHelp},
    {"bench", "times a network and every operation in it, beside what the device can do at most", run_bench,
     &kBenchHelp},
    {"config", "lists the keys of the configuration, or shows a configuration resolved", run_config, &kConfigHelp},
    {"doctor", "tells what this machine offers and what is missing", run_doctor, &kDoctorHelp},
    {"help", "prints the help of a verb as text, man page or Markdown, and completions for a shell", run_help,
     &kHelpHelp},
});

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

std::string overview() {
  std::string text =
      "posecu finds people and their keypoints in pictures: trains, evaluates and runs HRNet and HigherHRNet with\n"
      "coupled embeddings.\n\nUsage\n  posecu VERB ... [key=value ...] [--options]\n\nVerbs\n";
  for (const Verb& verb : kVerbs) text += fmt::format("  {:<10} {}\n", verb.name, verb.sentence);
  return text + "\nMore\n  posecu VERB --help\n  posecu config list\n  posecu --version\n";
}

const Verb& find_verb(std::string_view name) {
  const auto* const found = std::ranges::find(kVerbs, name, &Verb::name);
  if (found != kVerbs.end()) return *found;
  std::vector<std::string_view> names{"--help", "--version"};
  for (const Verb& verb : kVerbs) names.push_back(verb.name);
  throw UsageError(fmt::format("unknown {} {}{}\n  try: posecu --help", name.starts_with('-') ? "option" : "verb", name,
                               did_you_mean(name, names)));
}

}  // namespace posecu
