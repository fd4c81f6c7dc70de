#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "apps/data_sets.h"
#include "apps/device.h"
#include "apps/exit_code.h"
#include "apps/output.h"
#include "apps/people_json.h"
#include "apps/verbs.h"
#include "core/counted.h"
#include "pose/evaluate.h"
#include "pose/ground_truth.h"
#include "pose/results_check.h"

namespace posecu {
namespace {

constexpr auto kExamples = std::to_array<Example>({
    {"posecu score data/coco/annotations/person_keypoints_val2017.json results.json",
     "AP of a results file, as xtcocotools and the official code print it"},
    {"posecu score person_keypoints_val2017.json results.json --evaluator pycocotools --json",
     "the numbers of another tool, as one JSON object"},
    {"posecu score data/coco/annotations/image_info_test-dev2017.json test-dev.json",
     "checks a file for the evaluation server: pictures, category, joints, numbers"},
});

constexpr auto kOptions = std::to_array<OptionHelp>({
    {"--evaluator", "NAME", "xtcocotools (default), pycocotools or crowdposetools."},
    {"--skeleton", "NAME",
     "Whose sigmas count: coco, crowdpose, ochuman or a TOML file; default: by the joints' number."},
    {"--json", "", "One JSON object on standard output instead of the table."},
    {"--quiet", "", "No warnings, errors only."},
});

// Both files at once, where the machine has a second core.
struct Inputs {
  GroundTruth truth;
  Detections detections;
};
Inputs read_inputs(const std::string& annotations, const std::string& results) {
  std::future<Detections> detections = std::async(std::launch::async, read_results, results);
  GroundTruth truth = read_ground_truth(annotations);
  return {std::move(truth), detections.get()};
}

// An image_info file: the labels are the evaluation server's.
ScoreTable check_only(const Inputs& inputs, Evaluator evaluator) {
  const GroundTruth& truth = inputs.truth;
  const std::vector<Detection>& results = inputs.detections.list;
  if (!results.empty())
    check_submission(truth, inputs.detections, truth.people_category,
                     static_cast<int>(results[0].keypoints.size() / 3));
  ScoreTable table;
  table.evaluator = evaluator;
  table.notes = {fmt::format("{} has no annotations: there is nothing to score", truth.source),
                 fmt::format("{} is in order: {} of listed pictures, of category {}", inputs.detections.source,
                             counted(results.size(), "result", "results"), truth.people_category)};
  return table;
}

EvaluateOptions score_options(const GroundTruth& truth, Evaluator evaluator, const Arguments& arguments) {
  const auto skeleton = arguments.value("--skeleton");
  return skeleton ? options_for(truth, evaluator, skeleton_named(*skeleton).sigmas) : options_for(truth, evaluator);
}

}  // namespace

const VerbHelp kScoreHelp{
    .usage = "ANNOTATIONS RESULTS [--options]",
    .examples = kExamples,
    .options = kOptions,
    .least_words = 2,
    .most_words = 2,
    .text =
        "ANNOTATIONS is a COCO, CrowdPose or OCHuman file with people, or an image_info file of a test set. RESULTS "
        "is\n"
        "a list in COCO's keypoint results format, as eval --submit writes it. Pictures with a crowdIndex are scored\n"
        "by CrowdPose's rules: areas from boxes; easy, medium and hard pictures apart."};

int run_score(const Arguments& arguments) {
  const Evaluator evaluator = evaluator_by_name(arguments.value("--evaluator").value_or("xtcocotools"));
  const Inputs inputs = read_inputs(arguments.words()[0], arguments.words()[1]);
  const GroundTruth& truth = inputs.truth;
  const Detections& detections = inputs.detections;
  auto doubted = std::async(std::launch::async, [&] { return doubtful_results(truth, detections, evaluator); });
  const ScoreTable table = truth.labelled ? evaluate(truth, detections, score_options(truth, evaluator, arguments))
                                          : check_only(inputs, evaluator);
  const std::vector<std::string> doubts = doubted.get();
  for (const std::string& doubt : doubts)
    say(chatter(arguments), fmt::format("posecu: warning: {}: {}\n", detections.source, doubt));
  if (arguments.given("--json")) {
    const ScoredFiles files{truth.source, detections.source, truth.pictures.size(), truth.people.size(),
                            detections.list.size()};
    print(score_json(files, table, doubts) + "\n");
  } else {
    print(format_table(table));
  }
  return kDone;
}

}  // namespace posecu
