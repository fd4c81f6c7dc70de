#include "pose/results_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace posecu {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Two joints.
Detection found_at(std::int64_t picture, double x, double y, double score) {
  return {.picture_id = picture,
          .category_id = 1,
          .keypoints = {x, y, 1, x + 5, y + 5, 1},
          .score = score,
          .bbox = {x, y, 5, 5}};
}

ScoredPerson person_in(std::int64_t id, std::int64_t picture) {
  return {.id = id,
          .picture_id = picture,
          .category_id = 1,
          .bbox = {0, 0, 50, 50},
          .area = 2500,
          .labelled_keypoints = 2,
          .crowd = false,
          .keypoints = {10, 10, 2, 15, 15, 2}};
}

class ResultsCheck : public ::testing::Test {
 protected:
  ResultsCheck() {
    truth_.source = "truth.json";
    truth_.keypoints = 2;
    truth_.categories = {1};
    for (int id = 1; id <= 8; ++id) truth_.pictures.push_back({id, {}, 100, 80});
    truth_.people = {person_in(1, 1)};
    results_.source = "results.json";
    results_.list = {found_at(1, 10, 10, 0.9)};
  }
  std::vector<std::string> doubts(Evaluator evaluator = Evaluator::xtcocotools) const {
    return doubtful_results(truth_, results_, evaluator);
  }
  std::string refusal() const {
    try {
      check_submission(truth_, results_, 1, 2);
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  }

  GroundTruth truth_;
  Detections results_;
};

TEST_F(ResultsCheck, SaysNothingOfOrdinaryResults) {
  EXPECT_THAT(doubts(), IsEmpty());
  results_.list.clear();
  EXPECT_THAT(doubts(), IsEmpty());
  EXPECT_EQ(refusal(), "accepted");
}

TEST_F(ResultsCheck, SeesNormalisedCoordinates) {
  results_.list = {found_at(1, 0.25, 0.5, 0.9)};
  results_.list[0].keypoints = {0.25, 0.5, 1, 0.3, 1, 1};
  EXPECT_THAT(doubts(), ElementsAre(HasSubstr("they look normalised to 0..1, and pixels are expected")));
  results_.list[0].keypoints[3] = 1.6;
  EXPECT_THAT(doubts(), IsEmpty());
}

TEST_F(ResultsCheck, NamesTheFirstFivePicturesWithoutResults) {
  for (int id = 2; id <= 7; ++id) truth_.people.push_back(person_in(id, id));
  EXPECT_THAT(doubts(), ElementsAre("there are no results of 6 pictures with people: 2, 3, 4, 5, 6, ..."));
  truth_.people.resize(2);
  EXPECT_THAT(doubts(), ElementsAre("there are no results of 1 picture with people: 2"));
  truth_.people[1].crowd = true;
  EXPECT_THAT(doubts(), IsEmpty()) << "nobody expects results there";
}

TEST_F(ResultsCheck, CountsResultsThatCannotCount) {
  results_.list.push_back(found_at(2, 101, 10, 0.8));
  results_.list.push_back(found_at(2, 95, 10, 0.7));
  EXPECT_THAT(doubts(), ElementsAre("1 result lies wholly outside of its picture")) << "a part inside is enough";
  results_.list = std::vector<Detection>(22, found_at(1, 10, 10, 0.5));
  for (std::size_t i = 0; i < 22; ++i) results_.list[i].score = results_.list[i].keypoints[0] = static_cast<double>(i);
  EXPECT_THAT(doubts(), ElementsAre("2 results are beyond the best 20 of their pictures: they do not count"));
}

TEST_F(ResultsCheck, SeesResultsWithoutJointsTwiceOrOfOneScore) {
  results_.list.push_back(found_at(2, 10, 10, 0.8));
  results_.list[1].keypoints = {0, 0, 0, 0, 0, 0};
  EXPECT_THAT(doubts(), ElementsAre("1 result has no joint with a score above 0: xtcocotools leaves them out"));
  EXPECT_THAT(doubts(Evaluator::pycocotools),
              ElementsAre("1 result has no joint with a score above 0: they count as false alarms"));
  results_.list = {found_at(1, 10, 10, 0.8), found_at(2, 10, 10, 0.3), found_at(1, 10, 10, 0.8)};
  EXPECT_THAT(doubts(), ElementsAre("1 result is there twice"));
  results_.list = {found_at(1, 10, 10, 0.8), found_at(2, 10, 10, 0.8)};
  EXPECT_THAT(doubts(), ElementsAre("all results have the score 0.8: AP then depends on their order"));
}

TEST_F(ResultsCheck, RefusesWhatAServerWouldRefuse) {
  results_.list.push_back(found_at(9, 10, 10, 0.8));
  EXPECT_EQ(refusal(), "results.json: [1].image_id: truth.json does not list a picture 9");
  results_.list[1].picture_id = 2;
  results_.list[1].category_id = 3;
  EXPECT_EQ(refusal(), "results.json: [1].category_id: expected 1, found 3");
  results_.list[1].category_id = 1;
  results_.list[1].keypoints.resize(3);
  EXPECT_EQ(refusal(), "results.json: [1].keypoints: expected 6 numbers for 2 joints, found 3");
  results_.list[1] = found_at(2, 10, NAN, 0.8);
  EXPECT_EQ(refusal(), "results.json: [1].keypoints: expected finite numbers");
  results_.list[1] = found_at(2, 10, 10, INFINITY);
  EXPECT_EQ(refusal(), "results.json: [1].score: expected a finite number");
}

}  // namespace
}  // namespace posecu
