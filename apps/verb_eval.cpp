#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apps/data_sets.h"
#include "apps/device.h"
#include "apps/evaluation.h"
#include "apps/exit_code.h"
#include "apps/model.h"
#include "apps/output.h"
#include "apps/people_json.h"
#include "apps/progress.h"
#include "apps/verbs.h"
#include "core/counted.h"
#include "core/error.h"
#include "pose/results_check.h"

namespace posecu {
namespace {

constexpr auto kExamples = std::to_array<Example>({
    {"posecu eval runs/first", "AP of a run's best checkpoint on the set that its configuration names as data.val"},
    {"posecu eval weights.safetensors coco/laptop data.root=data/coco eval.flip=true",
     "weights from elsewhere: network recognised, the rest from a configuration"},
    {"posecu eval runs/first --json --submit results.json", "the table as JSON, and the found people in COCO's format"},
});

constexpr auto kOptions = std::to_array<OptionHelp>({
    kConfigOption,
    {"--evaluator", "NAME", "xtcocotools (default), pycocotools or crowdposetools; the same as eval.evaluator=NAME."},
    {"--json", "", "The table as one JSON object on standard output."},
    {"--submit", "FILE", "Also write the found people as COCO keypoint results, checked."},
    kMaxModelBytesOption,
    kAllowNonFiniteOption,
    kDeviceOption,
    kNoGraphOption,
    kTunedOption,
    kThreadsOption,
    kQuietOption,
});

ResolvedModel resolve(const Arguments& arguments) {
  std::optional<std::string> config = arguments.value("--config");
  if (arguments.words().size() > 1) {
    if (config) throw UsageError("eval: CONFIG is given twice, as a word and as --config");
    config = arguments.words()[1];
  }
  std::vector<std::string> overrides = arguments.overrides();
  if (const auto evaluator = arguments.value("--evaluator")) overrides.push_back("eval.evaluator=" + *evaluator);
  return resolve_model(arguments.words()[0], config, overrides, weights_limits(arguments));
}

std::size_t count_people(const DataSet& set) {
  std::size_t people = 0;
  for (const PictureLabel& picture : set.pictures) people += picture.annotations.size();
  return people;
}

// An AP on the set that chose the checkpoint is better than one on pictures that had no say.
std::string provenance(const ResolvedModel& model) {
  if (!model.chosen_on) return fmt::format("weights: {}\n", model.weights.path());
  const bool same = *model.chosen_on == model.config.text("data.dataset") + ' ' + model.config.text("data.val");
  return fmt::format("weights: {}, chosen on {}{}\n", model.weights.path(), *model.chosen_on,
                     same ? ": the set of this very table" : "");
}

// Writes results in the order of picture ids, the best of a picture first, reads them back and checks them as an
// evaluation server would. Says what it wrote.
std::string write_submission(const std::string& path, const GroundTruth& truth, const DataSet& set,
                             std::vector<Detection> found) {
  std::ranges::stable_sort(found, [](const Detection& a, const Detection& b) {
    return a.picture_id != b.picture_id ? a.picture_id < b.picture_id : a.score > b.score;
  });
  write_results(path, found);
  const Detections written = read_results(path);
  check_submission(truth, written, set.category_id, set.skeleton.size());
  require(results_json(written.list) == results_json(found), "a results file reads back as it was written");
  std::size_t pictures = 0;
  for (std::size_t i = 0; i < found.size(); ++i) pictures += i == 0 || found[i].picture_id != found[i - 1].picture_id;
  return fmt::format("{}: {} in {} of {}, checked", path, counted_people(found.size()), pictures,
                     counted_pictures(set.pictures.size()));
}

}  // namespace

const VerbHelp kEvalHelp{
    .usage = "MODEL [CONFIG] [key=value...] [--options]",
    .examples = kExamples,
    .options = kOptions,
    .least_words = 1,
    .most_words = 2,
    .overrides = VerbHelp::Overrides::accepted,
    .text =
        "MODEL is a run folder (its best checkpoint and its configuration) or a weights file (safetensors, .pth). "
        "CONFIG is\n"
        "a TOML file or the name of a built-in configuration. The keys that count: eval.*, data.dataset, data.root\n"
        "and data.val."};

int run_eval(const Arguments& arguments) {
  const ResolvedModel model = resolve(arguments);
  const Config& config = model.config;
  const Skeleton skeleton = skeleton_of(model);
  const auto submit = arguments.value("--submit");
  const DataSet set = read_val_set(config, skeleton, submit ? Labels::optional : Labels::required);
  const GroundTruth truth = read_ground_truth(set.annotation_file);
  Context context(context_options(arguments));
  take_tuned_plans(context, arguments);
  LoadedNetwork loaded(context, model);
  Progress progress(chatter(arguments));
  progress.message(loaded.coverage());
  for (const std::string& remark : set.remarks) progress.message(remark);
  const std::optional<Detections> found =
      find_people(context, loaded.network(), set, find_options(config), [&](std::size_t done) {
        if (progress.due()) progress.show(fmt::format("picture {}/{}", done, set.pictures.size()));
        return true;
      });
  progress.clear();
  if (submit) progress.message(write_submission(*submit, truth, set, found->list));
  if (!truth.labelled) {
    print(fmt::format("{} has no annotations: there is nothing to score\n{}", truth.source, provenance(model)));
    return kDone;
  }
  const ScoreTable table =
      evaluate(truth, *found, options_for(truth, evaluator_by_name(config.text("eval.evaluator")), skeleton.sigmas));
  if (arguments.given("--json")) {
    const EvaluatedSet evaluated{model.weights.path(), config.text("data.dataset"), config.text("data.val"),
                                 model.chosen_on,      set.pictures.size(),         count_people(set)};
    print(score_json(evaluated, table) + "\n");
  } else {
    print(format_table(table));
    print(provenance(model));
  }
  return kDone;
}

}  // namespace posecu
