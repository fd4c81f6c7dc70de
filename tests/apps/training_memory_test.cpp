// A training's memory, known before its first step.
#include "apps/training_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/cuda.h"
#include "core/error.h"
#include "data/device_batch.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_network.h"
#include "tests/support/golden.h"
#include "training/step.h"

namespace posecu {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int kPeople = 9;  // in the fullest picture
constexpr Size kPicture{130, 90};

TrainingNeeds needs_of(int batch) {
  TrainingNeeds needs;
  needs.network = kTinyNetwork;
  needs.loader = {.batch = batch, .sample = {.input_size = 128, .strides = {4, 2}, .augment = {}, .seed = 1}};
  needs.accumulate = 2;
  needs.most_people = kPeople;
  needs.largest_raw = kPicture;
  needs.skeleton = coco_skeleton();
  needs.evaluation.input_size = 64;  // as in trainings, far less than a step takes
  needs.largest_evaluated = kPicture;
  return needs;
}

Batch noise(const TrainingNeeds& needs, int people) {
  Batch batch;
  batch.size = needs.loader.batch;
  const auto pictures = static_cast<std::size_t>(batch.size);
  batch.images.assign(pictures * 128 * 128 * 3, 0.5F);
  batch.targets = {.pictures = batch.size,
                   .keypoints = needs.network.keypoints,
                   .first_person = {},
                   .scales = {},
                   .resolutions = {}};
  for (int i = 0; i <= batch.size; ++i) batch.targets.first_person.push_back(i * people);
  batch.targets.scales.assign(pictures * static_cast<std::size_t>(people), 0.3);
  for (const int side : {32, 64}) {
    const std::size_t labels = batch.targets.scales.size() * 3 * static_cast<std::size_t>(needs.network.keypoints);
    batch.targets.resolutions.push_back(
        {side, side, std::vector<float>(labels, 5.F),
         std::vector<std::uint8_t>(pictures * static_cast<std::size_t>(side * side), 1)});
  }
  return batch;
}

// Where a training of four steps, each with an evaluation, ends for want of memory.
enum class Ends { before_step_2, later, never };
Ends train(std::size_t memory, const TrainingNeeds& needs) {
  int steps = 0;
  try {
    Context context({.threads = 1, .memory = memory});
    Parameters parameters;
    Network network(parameters, needs.network, needs.precision);
    parameters.allocate(context, Parameters::Gradients::allocate);
    parameters.initialise(1);
    const Losses losses(needs.losses);
    Adam adam(context, parameters, {});
    TrainingStep step(context, network, parameters, losses, adam, needs.accumulate);
    DeviceBatch batch(context, needs.network.keypoints, needs.loader);
    const Picture picture{kPicture.width, kPicture.height, std::vector<std::uint8_t>(3 * 130 * 90, 100)};
    for (const int people : {1, 3, kPeople, 2}) {
      step.begin(context, 1e-3);
      for (int pass = 0; pass < needs.accumulate; ++pass) {
        batch.send(noise(needs, people));
        batch.receive();
        step.add_pass(context, batch.images(), batch.targets());
      }
      step.finish(context);
      ++steps;
      network.prepare_inference(context);
      PeopleFinder(context, network, needs.skeleton, needs.evaluation).find(picture, "a picture");
    }
    return Ends::never;
  } catch (const MachineError&) {
    return steps == 0 ? Ends::before_step_2 : Ends::later;
  }
}

TEST(TrainingMemoryTest, RefusesOrRunsToTheEndIn25Sizes) {
  const TrainingNeeds needs = needs_of(2);
  const std::size_t whole = rehearse({.threads = 1}, needs).peak;
  int refused = 0, ran = 0;
  for (int i = 0; i < 25; ++i) {
    const ContextOptions where{.threads = 1, .memory = whole * static_cast<std::size_t>(80 + i * 2) / 100};
    try {
      require_memory(where, needs);
      ++ran;
      EXPECT_EQ(train(where.memory, needs), Ends::never) << where.memory << " of " << whole;
    } catch (const MachineError&) {
      ++refused;
    }
  }
  EXPECT_GT(ran, 5);
  EXPECT_GT(refused, 5);
}

// It does not ask for much more than is needed.
TEST(TrainingMemoryTest, IsTight) {
  const TrainingNeeds needs = needs_of(2);
  const std::size_t whole = rehearse({.threads = 1}, needs).peak;
  EXPECT_EQ(train(whole * 21 / 20, needs), Ends::never);
  EXPECT_NE(train(whole * 9 / 10, needs), Ends::never);
}

TEST(TrainingMemoryTest, NamesTheLargestBatchThatFits) {
  const std::size_t three = rehearse({.threads = 1}, needs_of(3)).peak,
                    four = rehearse({.threads = 1}, needs_of(4)).peak;
  const ContextOptions where{.threads = 1, .memory = (three + four) / 2};
  EXPECT_EQ(largest_batch_that_fits(where, needs_of(9), 9), 3);
  EXPECT_NO_THROW(require_memory(where, needs_of(3)));
  EXPECT_THAT([&] { require_memory(where, needs_of(9)); },
              testing::ThrowsMessage<MachineError>(
                  AllOf(HasSubstr("not enough memory: a training with train.batch=9 takes 0."),
                        HasSubstr("\n  try: train.batch=3 train.accumulate=6, the largest batch that fits"))));
  EXPECT_THAT([&] { require_memory({.threads = 1, .memory = 1 << 20}, needs_of(9)); },
              testing::ThrowsMessage<MachineError>(HasSubstr("try: a smaller train.input_size")));
}

// What a GPU takes beside: pictures, raw and made.
TEST(TrainingMemoryTest, CountsPicturesOnAGpu) {
  if (!cuda_built()) GTEST_SKIP() << "cuDNN counts its workspaces";
  EXPECT_GT(rehearse({.threads = 1, .device = DeviceKind::cuda}, needs_of(2)).peak,
            rehearse({.threads = 1}, needs_of(2)).peak);
}

// Before anything is written.
TEST(TrainingMemoryCliTest, EndsTheProgramBeforeItsRunBegins) {
  if (physical_memory() > std::size_t{200} << 30) GTEST_SKIP() << "it fits into this machine";
  const TemporaryFolder folder;
  const ProgramResult result =
      run_posecu({"train", "data.root=" + one_picture_set().string(), "data.train=[train]", "data.val=train",
                  "train.batch=1", "train.steps=1", "train.input_size=8192", "--device", "cpu", "--out", "run"},
                 folder.path());
  EXPECT_EQ(result.code, 4) << result.err;
  EXPECT_THAT(result.err, AllOf(HasSubstr("not enough memory: a training with train.batch=1 takes 2"),
                                HasSubstr("try: a smaller train.input_size")));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "run"));
}

}  // namespace
}  // namespace posecu
