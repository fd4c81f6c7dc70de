// Networks that store 16 bits, or multiply with fewer, against the same network in fp32.
#include <cstdio>
#include <utility>

#include "models/network.h"
#include "tests/models/model_test.h"
#include "tests/support/device.h"

namespace posecu {
namespace {

constexpr int kSide = 64, kBatch = 4;

NetworkOptions narrow_network(Head head) { return {head, 8, 1, {1, 1, 1}, 3, 2}; }

// What one network makes of the same weights, pictures and gradients of its maps. No ReLU is near its kink, where
// rounding would switch it, so that errors are in proportion to the roundings.
struct NetworkResults {
  std::vector<Values> inferred, trained;                // low, high, embeddings, the last stage's first branch
  std::map<std::string, Values> gradients, statistics;  // by part of the network
};

const std::vector<std::string> kParts = {"backbone.conv",   "backbone.bn",     "backbone.layer1", "backbone.transition",
                                         "backbone.stage2", "backbone.stage3", "backbone.stage4", "head."};

// An observer that keeps what it sees of the last stage.
StageObserver keep_features(Values& features) {
  return [&features](const std::string& name, View<const float> value) {
    if (name == "stage4.branch0") features = doubles(value);
  };
}

std::vector<Values> values_of(const NetworkMaps& maps, Values features) {
  return {doubles(maps.low), doubles(maps.high), doubles(maps.embeddings), std::move(features)};
}

NetworkResults outcome_of(Head head, Precision precision) {
  Context context(test_context_options({.threads = 2, .memory = 512 << 20}));
  Parameters parameters;
  Network network(parameters, narrow_network(head), precision);
  parameters.allocate(context, Parameters::Gradients::allocate);
  reference::Network net;
  Random random(5, 0, 0, RandomPurpose::test);
  draw_weights(random, parameters, net);
  keep_away_from_kinks(parameters, net);
  parameters.clear_gradients();
  const auto images = tensor_of(context, random_map(random, kBatch, kSide, kSide, 3));

  NetworkResults outcome;
  fill_memory_with_nan(context, 64);
  network.prepare_inference(context);
  Values features;
  const NetworkMaps inferred = network.forward_inference(context, images, keep_features(features));
  outcome.inferred = values_of(inferred, std::exchange(features, {}));
  const std::size_t before = context.arena().used();
  NetworkMaps maps = network.forward_training(context, images, keep_features(features));
  outcome.trained = values_of(maps, features);
  for (const auto member : {&NetworkMaps::low, &NetworkMaps::high, &NetworkMaps::embeddings}) {
    if (!(maps.*member).empty()) fill(maps.*member, random_values(random, (maps.*member).elements()));
  }
  network.backward(context, std::move(maps));
  EXPECT_EQ(context.arena().used(), before);
  for (const Parameter& parameter : parameters.all()) {
    for (const std::string& part : kParts) {
      if (!parameter.name.starts_with(part)) continue;
      const bool trained = parameter.role == ParameterRole::trained;
      const Values values = doubles(trained ? parameter.gradient : parameter.value);
      Values& all = (trained ? outcome.gradients : outcome.statistics)[part];
      all.insert(all.end(), values.begin(), values.end());
    }
  }
  return outcome;
}

// The distance of two tensors as a share of the expected one's length.
double distance(const Values& found, const Values& expected) {
  EXPECT_EQ(found.size(), expected.size());
  if (found.size() != expected.size()) return INFINITY;
  double error = 0, length = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    error += (found[i] - expected[i]) * (found[i] - expected[i]);
    length += expected[i] * expected[i];
  }
  return length > 0 ? std::sqrt(error / length) : error;
}

// Distances that are allowed.
struct Bounds {
  double maps, statistics, gradients;
};

void expect_near_fp32(Head head, Precision precision, const Bounds& bounds) {
  const NetworkResults expected = outcome_of(head, Precision::fp32), found = outcome_of(head, precision);
  double maps = 0, statistics = 0, gradients = 0;
  for (std::size_t i = 0; i < expected.inferred.size(); ++i) {
    maps = std::max(
        {maps, distance(found.inferred[i], expected.inferred[i]), distance(found.trained[i], expected.trained[i])});
  }
  for (const std::string& part : kParts) {
    gradients = std::max(gradients, distance(found.gradients.at(part), expected.gradients.at(part)));
    if (!expected.statistics.contains(part)) continue;
    statistics = std::max(statistics, distance(found.statistics.at(part), expected.statistics.at(part)));
  }
  std::printf("  maps %.1e, statistics %.1e, gradients %.1e\n", maps, statistics, gradients);
  EXPECT_LE(maps, bounds.maps);
  EXPECT_LE(statistics, bounds.statistics);
  EXPECT_LE(gradients, bounds.gradients);
}

// Bounds are about twice what was measured: gradients 1.2e-1 in bf16 and 1.1e-2 in fp16, whose roundings are an eighth.
// They are that large because every batch norm's output here is 1 give or take a tenth, and rounded as a number near 1.
TEST(Precision, Bf16IsNearFp32) {
  for (const Head head : {Head::hrnet, Head::higherhrnet}) expect_near_fp32(head, Precision::bf16, {1e-2, 1.2e-3, 0.2});
}

TEST(Precision, Fp16IsNearFp32) {
  for (const Head head : {Head::hrnet, Head::higherhrnet}) {
    expect_near_fp32(head, Precision::fp16, {1.2e-3, 1.5e-4, 0.02});
  }
}

// Products of as many digits as fp16's, and no other rounding; on the CPU there are none of those.
TEST(Precision, Tf32IsNearFp32) {
  const bool cpu = test_context_options().device == DeviceKind::cpu;
  expect_near_fp32(Head::higherhrnet, Precision::tf32, cpu ? Bounds{0, 0, 0} : Bounds{1.2e-3, 1.5e-4, 0.02});
}

}  // namespace
}  // namespace posecu
