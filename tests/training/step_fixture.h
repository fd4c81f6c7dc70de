// A small HigherHRNet, what trains it, and batches of noise.
#pragma once

#include <optional>
#include <vector>

#include "core/random.h"
#include "tests/support/device.h"
#include "training/step.h"

namespace posecu {

inline constexpr int kSide = 64, kPictures = 2, kKeypoints = 3;

inline std::vector<float> draw_images(std::uint64_t seed, int side = kSide) {
  Random random(seed, 0, 0, RandomPurpose::test);
  std::vector<float> images(static_cast<std::size_t>(3 * kPictures * side) * static_cast<std::size_t>(side));
  for (float& value : images) value = static_cast<float>(random.uniform(-2, 2));
  return images;
}

// Two people in the first picture, `more` in the second.
inline Targets draw_targets(std::uint64_t seed, int more, int picture_side = kSide) {
  Random random(seed, 1, 0, RandomPurpose::test);
  Targets targets{.pictures = kPictures,
                  .keypoints = kKeypoints,
                  .first_person = {0, 2, 2 + more},
                  .scales = {},
                  .resolutions = {}};
  for (int p = 0; p < 2 + more; ++p) targets.scales.push_back(random.uniform(0.1, 0.9));
  for (const int side : {picture_side / 4, picture_side / 2}) {
    ResolutionTargets resolution{.width = side, .height = side, .keypoints = {}, .masks = {}};
    for (int i = 0; i < (2 + more) * kKeypoints; ++i) {
      resolution.keypoints.push_back(static_cast<float>(random.uniform(0, side)));
      resolution.keypoints.push_back(static_cast<float>(random.uniform(0, side)));
      resolution.keypoints.push_back(static_cast<float>(random.below(3)));
    }
    resolution.masks.assign(static_cast<std::size_t>(kPictures * side) * static_cast<std::size_t>(side), 1);
    targets.resolutions.push_back(std::move(resolution));
  }
  return targets;
}

// On the device that tests are asked to run on.
struct Trained {
  explicit Trained(int passes = 1, Precision precision = Precision::fp32)
      : Trained(test_context_options({.threads = 1, .memory = std::size_t{1} << 30}), passes, precision) {}
  Trained(const ContextOptions& where, int passes, Precision precision)
      : context(where),
        network(parameters,
                {.head = Head::higherhrnet,
                 .width = 8,
                 .blocks = 1,
                 .modules = {1, 1, 1},
                 .keypoints = kKeypoints,
                 .embedding_dim = 2},
                precision) {
    parameters.allocate(context, Parameters::Gradients::allocate);
    parameters.initialise(1);
    adam.emplace(context, parameters, AdamOptions{});
    step.emplace(context, network, parameters, losses, *adam, passes);
  }
  StepResult run(const std::vector<float>& images, const Targets& targets, double lr = 1e-3) {
    step->begin(context, lr);
    add(images, targets);
    return step->finish(context);
  }
  void add(const std::vector<float>& images, const Targets& targets) {
    const TargetBuffer labels(context, targets);
    const Tensor<float> pictures = context.tensor<float>({kPictures, kSide, kSide, 3});
    context.upload(pictures.view(), images);
    step->add_pass(context, pictures, labels.targets());
  }
  std::vector<float> state() {
    std::vector<float> all;
    for (const View<float> part :
         {parameters.trained(), parameters.running_statistics(), adam->first_moments(), adam->second_moments()}) {
      const std::vector<float> values = context.download<float>(part);
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  }

  Context context;
  Parameters parameters;
  Network network;
  Losses losses{LossOptions{}};
  std::optional<Adam> adam;
  std::optional<TrainingStep> step;
};

}  // namespace posecu
