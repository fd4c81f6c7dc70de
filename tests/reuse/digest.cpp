// Two training steps and an inference of eight networks with three sizes of batch each: a line for each with digests of
// everything that comes out.
#include <cstdio>

#include "core/checksum.h"
#include "core/random.h"
#include "training/step.h"

namespace posecu {
namespace {

constexpr int kSide = 64, kKeypoints = 3;

std::vector<float> noise(std::size_t count) {
  Random random(1, 0, 0, RandomPurpose::test);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.uniform(-2, 2));
  return values;
}

// Two people a picture.
Targets draw_targets(int pictures) {
  Random random(2, 0, 0, RandomPurpose::test);
  Targets targets;
  targets.pictures = pictures, targets.keypoints = kKeypoints;
  for (int i = 0; i < pictures; ++i) targets.first_person.push_back(2 * i + 2);
  targets.scales.assign(static_cast<std::size_t>(2 * pictures), 0.4);
  for (const int side : {kSide / 4, kSide / 2}) {
    std::vector<float> labels;
    for (int i = 0; i < 2 * pictures * kKeypoints; ++i)
      for (const double value : {random.uniform(0, side), random.uniform(0, side), 2.0})
        labels.push_back(static_cast<float>(value));
    const auto pixels = static_cast<std::size_t>(pictures * side * side);
    targets.resolutions.push_back({side, side, labels, std::vector<std::uint8_t>(pixels, 1)});
  }
  return targets;
}

void show(Context& context, const char* what, View<const float> values) {
  const std::vector<float> numbers = context.download<float>(values);
  Checksum64 sum;
  sum.add(std::as_bytes(std::span(numbers)));
  std::printf(" %s %s", what, sum.text().c_str());
}

void show(Context& context, const NetworkMaps& maps) {
  show(context, "low", maps.low);
  if (!maps.high.empty()) show(context, "high", maps.high);
  show(context, "embeddings", maps.embeddings);
}

void digest(const NetworkOptions& options, Precision precision, int pictures) {
  Context context({.threads = 1, .memory = std::size_t{2} << 30});
  Parameters parameters;
  Network network(parameters, options, precision);
  parameters.allocate(context, Parameters::Gradients::allocate);
  parameters.initialise(1);
  const Losses losses(LossOptions{});
  Adam adam(context, parameters, {});
  TrainingStep step(context, network, parameters, losses, adam, 2);
  const Tensor<float> images = context.tensor<float>({pictures, kSide, kSide, 3});
  context.upload(images.view(), noise(images.elements()));
  const TargetBuffer targets(context, draw_targets(pictures));
  std::printf("%s width %d, precision %d, %d pictures:", options.head == Head::hrnet ? "HRNet" : "HigherHRNet",
              options.width, static_cast<int>(precision), pictures);
  for (int i = 0; i < 2; ++i) {
    step.begin(context, 1e-3);
    for (int pass = 0; pass < 2; ++pass) step.add_pass(context, images, targets.targets());
    const StepResult result = step.finish(context);
    std::printf(" loss %a norm %a", result.losses.total(), result.gradient_norm);
    network.prepare_inference(context);
    show(context, network.forward_inference(context, images));
  }
  show(context, "weights", parameters.trained());
  show(context, "gradients", parameters.gradients());
  show(context, "statistics", parameters.running_statistics());
  std::printf("\n");
}

}  // namespace
}  // namespace posecu

int main() {
  using namespace posecu;
  for (const Head head : {Head::hrnet, Head::higherhrnet})
    for (const int width : {5, 8})
      for (const Precision precision : {Precision::fp32, Precision::bf16})
        for (const int pictures : {1, 2, 3}) digest({head, width, 1, {1, 1, 1}, kKeypoints, 2}, precision, pictures);
}
