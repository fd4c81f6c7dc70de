// The losses and Adam at the size of COCO training (HigherHRNet, input 512, batch 8, 10 people a picture), against the
// speed of a copy of the same bytes in the same run: median milliseconds of rounds in which all take turns.
//
//   losses_bench [threads] [people a picture]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>

#include "core/context.h"
#include "core/random.h"
#include "kernels/adam.h"
#include "kernels/elementwise.h"
#include "kernels/embedding_loss.h"
#include "kernels/heatmap_loss.h"

namespace posecu {
namespace {

constexpr int kPictures = 8, kKeypoints = 17, kDimensions = 8, kLow = 128, kRounds = 15;
constexpr std::size_t kParameters = 28'600'000;  // HigherHRNet-W32

struct Labels {
  std::vector<float> low, high;  // [P,K,3]
  std::vector<int> first_person;
  std::vector<double> scales;
  std::vector<std::uint8_t> masks;  // of the high resolution, which has more than the low one needs
};

// People of 10 to 60 % of the picture's height, three quarters of their joints labelled; 15 % of the rows are masked.
Labels draw_labels(int people) {
  Random random(1, 0, 0, RandomPurpose::test);
  Labels labels{.low = {}, .high = {}, .first_person = {0}, .scales = {}, .masks = {}};
  for (int n = 0; n < kPictures; ++n) {
    for (int i = 0; i < people; ++i) {
      const double size = random.uniform(0.1, 0.6), x0 = random.uniform(0, 1), y0 = random.uniform(0, 1);
      labels.scales.push_back(size * 0.6);
      for (int k = 0; k < kKeypoints; ++k) {
        const double x = x0 + size * random.uniform(-0.25, 0.25), y = y0 + size * random.uniform(-0.5, 0.5);
        const float visible = random.below(4) != 0 ? 2.f : 0.f;
        for (auto [list, side] : {std::pair{&labels.low, kLow}, {&labels.high, 2 * kLow}}) {
          list->push_back(static_cast<float>(x * side));
          list->push_back(static_cast<float>(y * side));
          list->push_back(visible);
        }
      }
    }
    labels.first_person.push_back((n + 1) * people);
  }
  for (int i = 0; i < kPictures * 4 * kLow * kLow; ++i) labels.masks.push_back(i / (2 * kLow) % 20 < 3 ? 0 : 1);
  return labels;
}

Tensor<float> random_tensor(Context& context, Shape shape, double least, double limit) {
  Tensor<float> tensor = context.tensor<float>(shape);
  Random random(2, 0, shape.elements(), RandomPurpose::test);
  for (float& v : tensor.view()) v = static_cast<float>(random.uniform(least, limit));
  return tensor;
}

struct Candidate {
  std::string name;
  double bytes;
  std::function<void()> run;
  std::vector<double> times_ms{};
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void take_turns(std::vector<Candidate>& candidates) {
  for (int round = 0; round < kRounds; ++round)
    for (Candidate& candidate : candidates) {
      const auto start = std::chrono::steady_clock::now();
      candidate.run();
      const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
      if (round > 0) candidate.times_ms.push_back(elapsed.count());
    }
  const double copy_speed = candidates[0].bytes / median(candidates[0].times_ms);
  for (const Candidate& candidate : candidates) {
    const double ms = median(candidate.times_ms), speed = candidate.bytes / ms;
    fmt::print("{:<34} {:8.3f} ms  {:7.1f} GB/s  {:5.2f} of the copy's speed  (fastest {:.3f} ms)\n", candidate.name,
               ms, speed / 1e6, speed / copy_speed, *std::ranges::min_element(candidate.times_ms));
  }
}

void measure(int threads, int people) {
  Context context({.threads = threads});
  const Labels labels = draw_labels(people);
  const Shape low_shape{kPictures, kLow, kLow, kKeypoints}, high_shape{kPictures, 2 * kLow, 2 * kLow, kKeypoints};
  const Shape tag_shape{kPictures, kLow, kLow, kKeypoints * kDimensions};
  const auto low = random_tensor(context, low_shape, -0.15, 1.15),
             high = random_tensor(context, high_shape, -0.15, 1.15);
  const auto tags = random_tensor(context, tag_shape, -1, 1);
  const auto low_gradient = random_tensor(context, low_shape, 0, 0),
             high_gradient = random_tensor(context, high_shape, 0, 0);
  const auto tag_gradient = random_tensor(context, tag_shape, 0, 0);
  const auto parameters = random_tensor(context, {static_cast<int>(kParameters)}, 0, 1);
  const auto m = random_tensor(context, {static_cast<int>(kParameters)}, 0, 1);
  const auto v = random_tensor(context, {static_cast<int>(kParameters)}, 0, 1);
  const auto weight_gradient = random_tensor(context, {static_cast<int>(kParameters)}, 0, 1);
  const auto values = context.tensor<double>({8});
  const StepState state{.adam = adam_factors({}), .finite = 1};

  const int everyone = people * kPictures;
  const HeatmapLossShape small{kPictures, kLow, kLow, kKeypoints, kLow, kLow, kDimensions, everyone};
  HeatmapLossShape large = small;
  large.height = large.width = 2 * kLow;
  const EmbeddingLossShape embedding{kPictures, kLow, kLow, kKeypoints, kDimensions, everyone};
  const auto workspace = context.tensor<std::byte>(
      {static_cast<int>(std::max(heatmap_loss_workspace(large), embedding_loss_workspace(embedding)))});
  const auto heatmap_run = [&](const HeatmapLossShape& shape, const Tensor<float>& maps, const Tensor<float>& gradient,
                               const std::vector<float>& keypoints, TargetScale targets) {
    heatmap_loss(context.stream(), values.data(), gradient.data(), workspace.data(),
                 {maps.data(), tags.data(), labels.masks.data(), keypoints.data(), labels.first_person.data(),
                  labels.scales.data()},
                 shape, {.targets = targets}, 1.0);
  };

  const double low_bytes = 8. * static_cast<double>(low_shape.elements());
  const double high_bytes = 8. * static_cast<double>(high_shape.elements());
  const double tag_bytes = 4. * static_cast<double>(tag_shape.elements());
  std::vector<Candidate> candidates{
      {"copy of the 256x256 heatmaps", high_bytes,
       [&] { scale(context.stream(), high_gradient.data(), high.data(), 1.f, high_shape.elements()); }},
      {"heatmap loss 256x256", high_bytes,
       [&] { heatmap_run(large, high, high_gradient, labels.high, TargetScale::embedding); }},
      {"heatmap loss 128x128", low_bytes,
       [&] { heatmap_run(small, low, low_gradient, labels.low, TargetScale::embedding); }},
      {"heatmap loss 256x256, fixed targets", high_bytes,
       [&] { heatmap_run(large, high, high_gradient, labels.high, TargetScale::fixed); }},
      {"embedding losses (clear, joints)", tag_bytes,
       [&] {
         embedding_loss(context.stream(), values.data(), tag_gradient.data(), workspace.data(),
                        {tags.data(), labels.low.data(), labels.first_person.data(), labels.scales.data()}, embedding,
                        {});
       }},
      {"Adam, 28.6 M parameters", 28. * kParameters, [&] {
         adam_update(context.stream(), parameters.data(), m.data(), v.data(), weight_gradient.data(), kParameters,
                     &state);
       }}};
  fmt::print("{} threads, {} pictures, {} people each\n", context.threads(), kPictures, people);
  take_turns(candidates);
}

}  // namespace
}  // namespace posecu

int main(int argc, char** argv) {
  posecu::measure(argc > 1 ? std::atoi(argv[1]) : 2, argc > 2 ? std::atoi(argv[2]) : 10);
}
