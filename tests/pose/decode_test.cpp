// Decoding's parts on hand-made candidates and maps.
#include "pose/decode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "tests/support/device.h"

namespace posecu {
namespace {

using Candidates = std::vector<std::vector<Candidate>>;

Candidate candidate(float value, float tag) { return {3, 4, value, 0.25f, -0.25f, {tag}}; }

// Which value each person has of each keypoint; 0: none.
std::vector<std::vector<float>> values(const std::vector<Group>& people) {
  std::vector<std::vector<float>> result;
  for (const Group& person : people) {
    result.emplace_back();
    for (const Candidate* joint : person.joints) result.back().push_back(joint == nullptr ? 0.f : joint->value);
  }
  return result;
}

const std::vector<int> kTwo{0, 1};

TEST(Grouping, JoinsWhatIsCloseAndFoundsPeopleByTheRest) {
  const Candidates candidates{{candidate(0.9f, 0), candidate(0.8f, 5)},
                              {candidate(0.7f, 5.2f), candidate(0.6f, 0.1f), candidate(0.5f, 9)}};
  EXPECT_EQ(values(group_candidates(candidates, kTwo, 1)),
            (std::vector<std::vector<float>>{{0.9f, 0.6f}, {0.8f, 0.7f}, {0, 0.5f}}));
}

TEST(Grouping, VisitsKeypointsInTheSkeletonsOrder) {
  const Candidates candidates{{candidate(0.9f, 0)}, {candidate(0.5f, 3)}};
  const std::vector<int> order{1, 0};
  EXPECT_EQ(values(group_candidates(candidates, order, 1)), (std::vector<std::vector<float>>{{0, 0.5f}, {0.9f, 0}}));
}

TEST(Grouping, ComparesDistancesInUnitsOfTheTagDistance) {
  const Candidates candidates{{candidate(0.9f, 0)}, {candidate(0.5f, 1.4f)}};
  EXPECT_EQ(group_candidates(candidates, kTwo, 1).size(), 2u);
  EXPECT_EQ(group_candidates(candidates, kTwo, 1.4).size(), 1u);
}

TEST(Grouping, PersonsEmbeddingIsTheMeanOfItsJoints) {
  const Candidates candidates{{candidate(0.9f, 0)}, {candidate(0.5f, 1)}};
  const std::vector<Group> people = group_candidates(candidates, kTwo, 1);
  ASSERT_EQ(people.size(), 1u);
  EXPECT_EQ(people[0].tag, std::vector<float>{0.5f});
}

TEST(Grouping, HigherValueWinsAmongCandidatesForOnePerson) {
  const Candidates candidates{{candidate(0.9f, 0)}, {candidate(0.8f, 0.4f), candidate(0.3f, 0)}};
  EXPECT_EQ(values(group_candidates(candidates, kTwo, 1)), (std::vector<std::vector<float>>{{0.9f, 0.8f}, {0, 0.3f}}));
}

TEST(Decode, ScoreIsTheMeanOverAllKeypoints) {
  const Candidate joint = candidate(0.5f, 0);
  const Person person = person_of_group({{&joint, nullptr}, {0}}, Adjustment::quarter_pixel);
  EXPECT_DOUBLE_EQ(person.score, 0.25);
  EXPECT_EQ(person.keypoints[0].x, 3.75f);
  EXPECT_EQ(person.keypoints[0].y, 4.25f);
  EXPECT_EQ(person.keypoints[1].x, 0.f);
  EXPECT_EQ(person_of_group({{&joint}, {0}}, Adjustment::none).keypoints[0].x, 3.5f);
}

TEST(Decode, PictureCoordinatesAreMeasuredFromTheCentre) {
  Person person;
  person.keypoints = {{60, 50, 0.5f, false}, {60, 50, 0, true}};
  const PictureFrame frame{{100, 80}, 200, 300, 2, 3};
  const std::vector<Person> people = to_picture({&person, 1}, frame);
  EXPECT_EQ(people[0].keypoints[0].x, 220);
  EXPECT_EQ(people[0].keypoints[0].y, 330);
  EXPECT_EQ(people[0].keypoints[1].x, 0);  // nothing was found there
  EXPECT_TRUE(people[0].keypoints[1].refined);
}

// Maps of 2 keypoints and one number of embedding, at 12 x 8, which is the base size too.
class SmallMaps {
 public:
  static constexpr BaseSize kBase{12, 8};
  SmallMaps() : context_(test_context_options({.threads = 2, .memory = 1 << 24})), heat_(map()), tags_(map()) {
    std::ranges::fill(heat_.view(), 0.f);
    std::ranges::fill(tags_.view(), 9.f);
    skeleton_.keypoints = {"a", "b"};
    skeleton_.flip = {0, 1};
    skeleton_.grouping_order = {0, 1};
  }
  float& heat(int k, int x, int y) { return heat_.data()[(y * kBase.width + x) * 2 + k]; }
  float& tag(int k, int x, int y) { return tags_.data()[(y * kBase.width + x) * 2 + k]; }
  void peak(int k, int x, int y, float value, float embedding) { heat(k, x, y) = value, tag(k, x, y) = embedding; }
  std::vector<Person> people(const DecodeOptions& options = {}) {
    const MapSource source{heat_, tags_};
    return decode(context_, {&source, 1}, kBase, skeleton_, options);
  }
  Context& context() { return context_; }
  const Tensor<float>& heatmaps() const { return heat_; }
  const Skeleton& skeleton() const { return skeleton_; }

 private:
  Tensor<float> map() { return context_.tensor<float>({1, kBase.height, kBase.width, 2}); }
  Context context_;
  Tensor<float> heat_, tags_;
  Skeleton skeleton_;
};

TEST(Decode, RefinementFillsAPlaceOfItsPersonsEmbedding) {
  SmallMaps maps;
  maps.peak(0, 3, 3, 0.9f, 1);
  maps.peak(1, 8, 2, 0.05f, 1.2f);  // below the threshold, but its embedding fits
  maps.peak(1, 2, 6, 0.09f, 4);     // higher, but another's
  const std::vector<Person> people = maps.people();
  ASSERT_EQ(people.size(), 1u);
  const Keypoint& found = people[0].keypoints[1];
  EXPECT_TRUE(found.refined);
  EXPECT_FALSE(people[0].keypoints[0].refined);
  EXPECT_EQ(found.score, 0.05f);
  EXPECT_EQ(found.x, 8.25f);  // equal neighbours: a quarter back
  EXPECT_EQ(found.y, 2.25f);
  EXPECT_EQ(people[0].score, 0.45f);
  DecodeOptions grouped_only;
  grouped_only.refinement = Refinement::none;
  EXPECT_EQ(maps.people(grouped_only)[0].keypoints[1].score, 0);
}

TEST(Decode, TakesTheHighestCandidatesOnly) {
  SmallMaps maps;
  for (int i = 0; i < 4; ++i) maps.peak(0, 3 * i, 4, 0.5f + 0.1f * static_cast<float>(i), 2.f * static_cast<float>(i));
  DecodeOptions options;
  options.nms_kernel = 3;
  EXPECT_EQ(maps.people(options).size(), 4u);
  options.max_people = 2;
  const std::vector<Person> people = maps.people(options);
  ASSERT_EQ(people.size(), 2u);
  EXPECT_EQ(people[0].keypoints[0].x, 9.25f);
  EXPECT_EQ(people[1].keypoints[0].x, 6.25f);
}

TEST(Decode, FindsNobodyInMapsThatAreNoNumbers) {
  SmallMaps maps;
  std::ranges::fill(maps.heatmaps().view(), std::numeric_limits<float>::quiet_NaN());
  EXPECT_TRUE(maps.people().empty());
  std::ranges::fill(maps.heatmaps().view(), 0.f);
  maps.peak(0, 3, 3, std::numeric_limits<float>::infinity(), 1);
  maps.peak(0, 8, 3, 0.5f, std::numeric_limits<float>::quiet_NaN());
  EXPECT_TRUE(maps.people().empty());
}

TEST(Decode, RefusesHeatmapsFarLargerThanTheInput) {
  SmallMaps maps;
  const Tensor<float> large = maps.context().tensor<float>({1, 17, 12, 2});
  const MapSource source{large, large};
  EXPECT_THROW(decode(maps.context(), {&source, 1}, SmallMaps::kBase, maps.skeleton(), {}), UsageError);
}

TEST(Decode, CountsItsMemoryInADryRun) {
  Context context({.threads = 1, .memory = 1 << 26, .dry_run = true});
  const Tensor<float> maps = context.tensor<float>({1, 64, 64, 2});
  const MapSource source{maps, maps};
  Skeleton skeleton;
  skeleton.flip = skeleton.grouping_order = {0, 1};
  EXPECT_TRUE(decode(context, {&source, 1}, {128, 128}, skeleton, {}).empty());
  EXPECT_GE(context.arena().peak(MemoryClass::workspace), std::size_t{2 * 64 * 64 * 4});
}

}  // namespace
}  // namespace posecu
