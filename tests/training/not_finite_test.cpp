// Values that are not finite, wherever they come from: no checkpoint ever holds one.
#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "tests/training/train_fixture.h"

namespace posecu {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

class NotFiniteTest : public TrainTest {
 protected:
  void expect_finite_checkpoints(const std::string& name) const {
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(run(name) + "/checkpoints")) {
      const Safetensors file = read_checkpoint(entry.path().string());
      for (const StoredTensor& tensor : file.tensors())
        for (const float value : file.floats(tensor.name))
          ASSERT_TRUE(std::isfinite(value)) << entry.path() << ' ' << tensor.name;
      ++files;
    }
    EXPECT_GT(files, 0);
  }
};

TEST_F(NotFiniteTest, StopsAfterTenStepsInARowThatAreNotFinite) {
  options_.train.adam.lr = 1e30;  // the first update leaves weights from which only overflows follow
  options_.train.timetable.warmup_steps = 0;
  EXPECT_THAT([&] { go("run"); }, ThrowsMessage<InputError>(AllOf(HasSubstr("step 11"), HasSubstr("pictures"),
                                                                  HasSubstr("10th"), HasSubstr("train.lr"))));
  int skipped = 0;
  for (const nlohmann::json& row : log("run")) {
    if (row.at("kind") != "skipped") continue;
    ++skipped;
    EXPECT_EQ(row.at("pictures").size(), 2U);
  }
  EXPECT_EQ(skipped, 10);
  expect_finite_checkpoints("run");
}

TEST_F(NotFiniteTest, CountsSkippedStepsAcrossAResume) {
  options_.train.adam.lr = 1e30;
  options_.train.timetable.warmup_steps = 0;
  go_until("run", 6);
  EXPECT_THAT([&] { go("run"); }, ThrowsMessage<InputError>(HasSubstr("step 11")));
}

// One element of a weight, a bias of the embeddings, a batch norm's gamma, a running statistic or Adam's moments goes
// bad after each of eight steps: the steps after it are skipped, and the run stops or ends without having saved it.
TEST_F(NotFiniteTest, WhatGoesBadInMemoryIsNeverSaved) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  struct Place {
    const char* parameter;
    float value;
  };
  constexpr int kPlaces = 5;
  const std::array<Place, kPlaces> places{{{"backbone.conv1.weight", nan},
                                           {"head.tms_pred_layers.bias", infinity},
                                           {"backbone.bn1.weight", nan},
                                           {"backbone.bn1.running_var", -infinity},
                                           {"backbone.layer1.0.conv1.weight", infinity}}};
  int stopped = 0, number = 0;
  for (const Place& place : places)
    for (std::int64_t bad = 4; bad <= 11; ++bad) {
      const std::string name = std::to_string(number++);
      SCOPED_TRACE(std::string(place.parameter) + " after step " + std::to_string(bad));
      options_.damage = [&](std::int64_t step, Parameters& parameters) {
        if (step == bad) parameters.find(place.parameter)->value.data()[0] = place.value;
      };
      try {
        go(name);
      } catch (const InputError& error) {
        EXPECT_THAT(error.what(), HasSubstr("not finite"));
        ++stopped;
      }
      expect_finite_checkpoints(name);
    }
  EXPECT_EQ(number, 40);
  EXPECT_GT(stopped, 20);
}

}  // namespace
}  // namespace posecu
