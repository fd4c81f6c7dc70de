// Scoring of small scenes whose numbers can be worked out by hand; equality with the tools is in evaluate_golden_test.
#include "pose/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "pose/evaluate_matching.h"
#include "pose/oks.h"
#include "pose/pairwise_sum.h"

namespace posecu {
namespace {

using ::testing::HasSubstr;

// A person whose 17 joints lie at (x + k, y + k), all visible, of large area.
ScoredPerson person_at(std::int64_t id, std::int64_t picture, double x, double y) {
  ScoredPerson person{.id = id,
                      .picture_id = picture,
                      .category_id = 1,
                      .bbox = {x, y, 120, 120},
                      .area = 14400,
                      .labelled_keypoints = 17,
                      .crowd = false,
                      .keypoints = {}};
  for (int k = 0; k < 17; ++k) person.keypoints.insert(person.keypoints.end(), {x + k, y + k, 2});
  return person;
}

// A detection `offset` pixels beside such a person.
Detection detection_at(std::int64_t picture, double x, double y, double score, double offset = 0) {
  Detection detection{
      .picture_id = picture, .category_id = 1, .keypoints = {}, .score = score, .bbox = {x, y, 120, 120}};
  for (int k = 0; k < 17; ++k) detection.keypoints.insert(detection.keypoints.end(), {x + k + offset, y + k, 1});
  return detection;
}

struct Scene {
  GroundTruth truth{
      .source = "truth.json", .keypoints = 17, .pictures = {{1, {}}, {2, {}}}, .categories = {1}, .people = {}};
  Detections detections{.source = "results.json", .list = {}};

  ScoreTable score(Evaluator evaluator = Evaluator::xtcocotools) const {
    return evaluate(truth, detections, options_for(truth, evaluator));
  }
  std::string error(Evaluator evaluator = Evaluator::xtcocotools) const {
    try {
      score(evaluator);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  }
};

TEST(Evaluate, ScoresAPerfectResultAsOne) {
  Scene scene;
  scene.truth.people = {person_at(1, 1, 10, 10), person_at(2, 2, 50, 50)};
  scene.detections.list = {detection_at(1, 10, 10, 0.9), detection_at(2, 50, 50, 0.8)};
  const ScoreTable table = scene.score();
  EXPECT_NEAR(table.value("AP"), 1, 1e-12);
  EXPECT_NEAR(table.value("APL"), 1, 1e-12);
  EXPECT_EQ(table.value("AR"), 1);
  EXPECT_EQ(table.value("APM"), -1);
}

TEST(Evaluate, CountsAFalseAlarmBeforeTheHit) {
  Scene scene;
  scene.truth.people = {person_at(1, 1, 10, 10)};
  scene.detections.list = {detection_at(2, 10, 10, 0.9), detection_at(1, 10, 10, 0.8)};
  EXPECT_NEAR(scene.score().value("AP"), 0.5, 1e-12);
}

TEST(Evaluate, LeavesOutDetectionsBeyondTheBestTwenty) {
  Scene scene;
  scene.truth.people = {person_at(1, 1, 10, 10)};
  for (int i = 0; i < 20; ++i) scene.detections.list.push_back(detection_at(1, 5000, 5000, 0.5 + 0.01 * i));
  scene.detections.list.push_back(detection_at(1, 10, 10, 0.1));
  EXPECT_EQ(scene.score().value("AR"), 0);
  scene.detections.list.erase(scene.detections.list.begin());
  EXPECT_EQ(scene.score().value("AR"), 1);
}

TEST(Evaluate, OnlyXtcocotoolsDropsDetectionsWithoutJoints) {
  Scene scene;
  scene.truth.people = {person_at(1, 1, 10, 10)};
  Detection empty = detection_at(1, 5000, 5000, 0.9);
  for (std::size_t k = 2; k < empty.keypoints.size(); k += 3) empty.keypoints[k] = 0;
  scene.detections.list = {empty, detection_at(1, 10, 10, 0.8)};
  EXPECT_NEAR(scene.score(Evaluator::xtcocotools).value("AP"), 1, 1e-12);
  EXPECT_NEAR(scene.score(Evaluator::pycocotools).value("AP"), 0.5, 1e-12);
}

TEST(Evaluate, LetsACrowdTakeManyDetections) {
  Scene scene;
  scene.truth.people = {person_at(1, 1, 10, 10), person_at(2, 1, 900, 900)};
  scene.truth.people[1].crowd = true;
  scene.detections.list = {detection_at(1, 900, 900, 0.9), detection_at(1, 900, 900, 0.85),
                           detection_at(1, 10, 10, 0.8)};
  EXPECT_NEAR(scene.score().value("AP"), 1, 1e-12);
  scene.truth.people[1].crowd = false;
  scene.truth.people.pop_back();
  EXPECT_NEAR(scene.score().value("AP"), 1.0 / 3, 1e-12);
}

TEST(Evaluate, TakesNumKeypointsAsWrittenInPycocotools) {
  Scene scene;
  scene.truth.people = {person_at(1, 1, 10, 10), person_at(2, 2, 10, 10)};
  scene.truth.people[1].labelled_keypoints = 0;
  scene.detections.list = {detection_at(1, 10, 10, 0.9)};
  EXPECT_EQ(scene.score(Evaluator::pycocotools).value("AR"), 1);
  EXPECT_EQ(scene.score(Evaluator::xtcocotools).value("AR"), 0.5);
}

TEST(Evaluate, GivesEqualScoresTheOrderOfTheFile) {
  Scene scene;
  scene.truth.people = {person_at(1, 1, 10, 10)};
  scene.detections.list = {detection_at(1, 5000, 5000, 0.5), detection_at(1, 10, 10, 0.5)};
  EXPECT_NEAR(scene.score().value("AP"), 0.5, 1e-12);
  EXPECT_THAT(scene.score().notes, ::testing::ElementsAre("1 result of equal score: their order in the file counts"));
  std::swap(scene.detections.list[0], scene.detections.list[1]);
  EXPECT_NEAR(scene.score().value("AP"), 1, 1e-12);
}

TEST(Evaluate, MeansOverCategories) {
  Scene scene;
  scene.truth.categories = {1, 2, 9};
  scene.truth.people = {person_at(1, 1, 10, 10), person_at(2, 1, 10, 10)};
  scene.truth.people[1].category_id = 2;
  scene.detections.list = {detection_at(1, 10, 10, 0.9)};
  const ScoreTable table = scene.score();
  EXPECT_NEAR(table.value("AP"), 0.5, 1e-12);
  EXPECT_EQ(table.categories, 3);
  EXPECT_EQ(table.recall.size(), 90U);
}

TEST(Evaluate, RefusesWhatTheToolsCannotScore) {
  Scene scene;
  scene.truth.people = {person_at(5, 1, 10, 10)};
  EXPECT_EQ(scene.error(Evaluator::pycocotools),
            "results.json: the list is empty, and pycocotools cannot score that; xtcocotools gives 0");
  for (int id = 3; id < 10; ++id) scene.detections.list.push_back(detection_at(id, 10, 10, 0.5));
  EXPECT_EQ(scene.error(),
            "results.json: has results of pictures that truth.json does not list: 3, 4, 5, 6, 7, ...\n"
            "  try: the annotations of the split that the results were made on");

  scene.detections.list = {detection_at(1, 10, 10, NAN)};
  EXPECT_EQ(scene.error(), "results.json: [0].score: expected a finite number");
  scene.detections.list[0].keypoints.resize(42);
  EXPECT_EQ(scene.error(), "results.json: [0].keypoints: expected 51 numbers for 17 joints, found 42");
  EXPECT_THAT(scene.error(Evaluator::crowdposetools),
              HasSubstr("truth.json: annotation 5: keypoints: expected 42 numbers for 14 joints, found 51"));
  scene.truth.people[0].area.reset();
  EXPECT_THAT(scene.error(), HasSubstr("truth.json: annotation 5: area: is missing"));
  scene.truth.people[0].labelled_keypoints.reset();
  scene.truth.people[0].area = 1;
  EXPECT_THAT(scene.error(Evaluator::pycocotools), HasSubstr("num_keypoints: is missing, and pycocotools needs it"));
}

TEST(Evaluate, NotesWhatWasNotScored) {
  Scene scene;
  scene.truth.people = {person_at(1, 1, 10, 10), person_at(2, 77, 10, 10)};
  scene.detections.list = {detection_at(1, 10, 10, 0.9), detection_at(1, 10, 10, 0.8)};
  scene.detections.list[1].category_id = 3;
  EXPECT_THAT(
      scene.score().notes,
      ::testing::ElementsAre("1 annotation of pictures that the file does not list: not scored",
                             "1 result of category 3, which the annotations do not list (they list 1): not scored"));
}

TEST(EvaluateOptions, FollowTheGroundTruth) {
  Scene scene;
  EXPECT_EQ(options_for(scene.truth, Evaluator::xtcocotools).protocol, Protocol::coco);
  for (ScoredPicture& picture : scene.truth.pictures) picture.crowd_index = 0.5;
  EXPECT_EQ(options_for(scene.truth, Evaluator::xtcocotools).protocol, Protocol::crowdpose);
  EXPECT_EQ(options_for(scene.truth, Evaluator::xtcocotools).sigmas.size(), 14U);
  scene.truth.pictures[0].crowd_index.reset();
  scene.truth.keypoints = 20;
  EXPECT_THROW(options_for(scene.truth, Evaluator::xtcocotools), UsageError);
  EXPECT_THROW(evaluator_by_name("cocotools"), UsageError);
  EXPECT_EQ(evaluator_by_name("crowdposetools"), Evaluator::crowdposetools);
}

TEST(FormatTable, PrintsTheLinesOfTheTools) {
  Scene scene;
  scene.truth.people = {person_at(1, 1, 10, 10)};
  scene.detections.list = {detection_at(1, 10, 10, 0.9)};
  const std::string table = format_table(scene.score());
  EXPECT_THAT(table, HasSubstr(" Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets= 20 ] =  1.000\n"
                               " Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets= 20 ] =  1.000\n"));
  EXPECT_THAT(table, HasSubstr(" Average Recall     (AR) @[ IoU=0.50:0.95 | area=medium | maxDets= 20 ] = -1.000\n"));
  EXPECT_THAT(table, HasSubstr("evaluator: xtcocotools\nnote: -1 means that there was nobody to find\n"));
  EXPECT_THAT(format_table(scene.score(Evaluator::pycocotools)),
              HasSubstr(" Average Recall     (AR) @[ IoU=0.75      | area=   all | maxDets= 20 ] = 1.000\n"));
}

TEST(Oks, IsOneForEqualJointsAndFallsByTheFormula) {
  const Oks oks(std::vector<double>(17, 0.1), OksArea::annotation);
  EXPECT_EQ(oks(detection_at(1, 10, 10, 1), person_at(1, 1, 10, 10)), 1);
  EXPECT_NEAR(oks(detection_at(1, 10, 10, 1, 24), person_at(1, 1, 10, 10)), std::exp(-576 / 0.04 / 14400 / 2), 1e-15);
}

TEST(Oks, MeasuresToTheExtendedBoxWhenNoJointIsLabelled) {
  const Oks oks(std::vector<double>(17, 0.1), OksArea::box);
  ScoredPerson person = person_at(1, 1, 100, 100);
  for (std::size_t k = 2; k < person.keypoints.size(); k += 3) person.keypoints[k] = 0;
  EXPECT_EQ(oks(detection_at(1, 100, 100, 1, -120), person), 1);  // the box reaches from -20 to 340
  const double area = 120 * 120 * 0.53;
  double expected = 0;
  for (int k = 0; k < 17; ++k) expected += std::exp(-std::pow(100 + k + 250 - 340, 2) / 0.04 / area / 2) / 17;
  EXPECT_NEAR(oks(detection_at(1, 100, 100, 1, 250), person), expected, 1e-15);
}

TEST(Oks, IsLeftOutOnlyWhereItIsBelowTheLeast) {
  const Oks oks(std::vector<double>(17, 0.08), OksArea::annotation);
  const ScoredPerson person = person_at(1, 1, 10, 10);
  int left_out = 0;
  for (int i = 0; i < 3000; ++i) {
    Detection detection = detection_at(1, 10, 10, 1);
    for (std::size_t k = 0; k < 51; k += 3) detection.keypoints[k] += 0.02 * i * (1 + 0.1 * static_cast<double>(k % 7));
    const double exact = oks(detection, person), found = oks.at_least(0.5, detection, person);
    EXPECT_TRUE(found == exact || (found == 0 && exact < 0.5)) << i << ": " << found << " for " << exact;
    left_out += found == 0 && exact > 0;
  }
  EXPECT_GT(left_out, 1000);
}

TEST(PairwiseSum, AddsInBlocksOfEightLanes) {
  // One lane swallows its small numbers, the others keep theirs: adding from left to right would lose all of them.
  std::vector<double> values(16, 1);
  values[0] = 0x1p53;
  EXPECT_EQ(pairwise_sum(values), 0x1p53 + 14);
  EXPECT_EQ(pairwise_sum(std::vector<double>(1000, 0.5)), 500);
  EXPECT_EQ(pairwise_sum({}), 0);
}

}  // namespace
}  // namespace posecu
