#include "core/device_targets.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/staging.h"
#include "tests/support/device.h"

namespace posecu {
namespace {

// `people` in the first of two pictures, numbered; two keypoints.
Targets numbered_targets(int people) {
  Targets targets;
  targets.pictures = 2, targets.keypoints = 2;
  targets.first_person = {0, people, people};
  targets.resolutions = {{4, 3, {}, std::vector<std::uint8_t>(24, 1)}, {8, 6, {}, {}}};
  for (int i = 0; i < people; ++i) targets.scales.push_back(i + 0.5);
  for (ResolutionTargets& resolution : targets.resolutions)
    for (int i = 0; i < people * 6; ++i) resolution.keypoints.push_back(static_cast<float>(i + resolution.width));
  return targets;
}

template <class T>
std::vector<T> first_of(Context& context, View<const T> view, std::size_t n) {
  std::vector<T> values = context.download<T>(view);
  values.resize(n);
  return values;
}

class TargetBufferTest : public testing::Test {
 protected:
  void expect_holds(const TargetBuffer& buffer, const Targets& expected) {
    const DeviceTargets found = buffer.targets();
    const std::size_t people = expected.scales.size();
    EXPECT_GE(found.capacity, static_cast<int>(people));
    EXPECT_EQ(context_.download<int>(found.first_person), expected.first_person);
    EXPECT_EQ(first_of(context_, found.scales, people), expected.scales);
    for (std::size_t r = 0; r < 2; ++r)
      EXPECT_EQ(first_of(context_, found.resolutions[r].keypoints, people * 6), expected.resolutions[r].keypoints);
    EXPECT_EQ(context_.download<std::uint8_t>(found.resolutions[0].masks), expected.resolutions[0].masks);
  }

  Context context_{test_context_options({.threads = 1, .memory = 1 << 24})};
};

TEST_F(TargetBufferTest, KeepsPlacesUntilMorePeopleComeThanEver) {
  TargetBuffer buffer(context_, 2, 2, {{4, 3}, {8, 6}});
  const DeviceTargets before = buffer.targets();
  for (const int people : {0, 1, before.capacity}) {
    EXPECT_EQ(buffer.upload(context_, numbered_targets(people)), TargetBuffer::Places::kept);
    expect_holds(buffer, numbered_targets(people));
    EXPECT_EQ(buffer.targets().scales.data(), before.scales.data());
    EXPECT_EQ(buffer.targets().resolutions[1].keypoints.data(), before.resolutions[1].keypoints.data());
  }
  const Targets crowd = numbered_targets(5 * before.capacity);
  EXPECT_EQ(buffer.upload(context_, crowd), TargetBuffer::Places::moved);
  EXPECT_EQ(buffer.targets().capacity, 8 * before.capacity);
  expect_holds(buffer, crowd);
  EXPECT_EQ(buffer.upload(context_, numbered_targets(3)), TargetBuffer::Places::kept);
  expect_holds(buffer, numbered_targets(3));
}

TEST_F(TargetBufferTest, RefusesTargetsThatDoNotFit) {
  TargetBuffer buffer(context_, 1, 2, {{4, 3}, {8, 6}});
  EXPECT_THROW(buffer.upload(context_, numbered_targets(1)), std::logic_error);  // two pictures
  TargetBuffer other(context_, 2, 2, {{4, 3}, {8, 7}});
  EXPECT_THROW(other.upload(context_, numbered_targets(1)), std::logic_error);
  Targets torn = numbered_targets(2);
  torn.resolutions[1].keypoints.pop_back();
  TargetBuffer right(context_, 2, 2, {{4, 3}, {8, 6}});
  EXPECT_THROW(right.upload(context_, torn), std::logic_error);
}

TEST(StagingTest, PiecesArriveInTurns) {
  Context context(test_context_options({.threads = 1, .memory = 1 << 24}));
  Staging staging(context, Staging::Use::training);
  for (int turn = 0; turn < 5; ++turn) {
    std::vector<int> numbers(static_cast<std::size_t>(10000 * turn + 3), turn);
    std::vector<std::uint8_t> bytes(5, static_cast<std::uint8_t>(turn));
    const int first = staging.add<int>(numbers), second = staging.add<std::uint8_t>(bytes);
    staging.place();
    numbers.back() = -1;  // what a piece holds is read when it is sent
    staging.send();
    staging.receive();
    const int* there = staging.address<int>(first);
    EXPECT_EQ(context.download<int>({there, {static_cast<int>(numbers.size())}}), numbers);
    EXPECT_EQ(context.download<std::uint8_t>({staging.address<std::uint8_t>(second), {5}}), bytes);
    staging.release();
  }
}

}  // namespace
}  // namespace posecu
