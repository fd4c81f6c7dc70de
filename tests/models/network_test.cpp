// Whole networks: gradients against the double reference, memory, and repeated runs.
#include "models/network.h"

#include "tests/models/model_test.h"
#include "tests/support/device.h"

namespace posecu {
namespace {

constexpr int kHeight = 32, kWidth = 64, kPictures = 3;

// Neither width nor K and M are multiples of a vector.
NetworkOptions small_network(Head head) { return {head, 5, 1, {1, 1, 1}, 3, 2}; }

// A network with a context of its own.
struct Fixture {
  explicit Fixture(const NetworkOptions& options, const ContextOptions& machine = {.threads = 2, .memory = 512 << 20})
      : context(test_context_options(machine)), network(parameters, options) {
    parameters.allocate(context, Parameters::Gradients::allocate);
    images = context.tensor<float>({kPictures, kHeight, kWidth, 3});
  }

  NetworkMaps gradients_like(const NetworkMaps& maps, std::uint64_t seed) {
    NetworkMaps result;
    Random random(seed, 1, 0, RandomPurpose::test);
    for (const auto member : {&NetworkMaps::low, &NetworkMaps::high, &NetworkMaps::embeddings}) {
      if ((maps.*member).empty()) continue;
      result.*member = context.tensor<float>((maps.*member).shape());
      if (context.dry_run()) continue;
      for (float& value : (result.*member).view()) value = static_cast<float>(random.uniform(-1, 1));
    }
    return result;
  }

  void step() {
    const NetworkMaps maps = network.forward_training(context, images);
    network.backward(context, gradients_like(maps, 1));
  }

  Context context;
  Parameters parameters;
  Network network;
  Tensor<float> images;
};

// <dy, outputs>
double loss(reference::Network& net, Head head, const Map& images, const NetworkOptions& options,
            const std::array<Values, 3>& dy) {
  const Map features = net.hrnet(images, {options.width, options.blocks, options.modules});
  const reference::Outputs y = head == Head::hrnet ? net.hrnet_head(features) : net.higherhrnet_head(features);
  double sum = 0;
  const std::array<const Map*, 3> maps{&y.low, &y.high, &y.embeddings};
  for (std::size_t i = 0; i < maps.size(); ++i) {
    for (std::size_t j = 0; j < maps[i]->values.size(); ++j) sum += maps[i]->values[j] * dy[i][j];
  }
  return sum;
}

void check_directional_gradients(Head head) {
  const NetworkOptions options = small_network(head);
  Fixture f(options);
  reference::Network net;
  Random random(11, 0, 0, RandomPurpose::test);
  draw_weights(random, f.parameters, net);
  keep_away_from_kinks(f.parameters, net);
  const Map images = random_map(random, kPictures, kHeight, kWidth, 3);
  fill(f.images, images.values);

  std::ranges::fill(f.parameters.gradients(), 0.F);
  const NetworkMaps maps = f.network.forward_training(f.context, f.images);
  NetworkMaps gradients = f.gradients_like(maps, 2);
  const std::array<Values, 3> dy{doubles(gradients.low), doubles(gradients.high), doubles(gradients.embeddings)};
  f.network.backward(f.context, std::move(gradients));

  // A random direction for each part of the network. Differences are good to 1e-9 of the loss; float32 gradients to
  // 1e-4 of their size.
  constexpr double kNudge = 1e-6, kTolerance = 5e-4;
  for (const std::string part : {"backbone.conv", "backbone.bn", "backbone.layer1", "backbone.transition",
                                 "backbone.stage2", "backbone.stage3", "backbone.stage4", "head."}) {
    SCOPED_TRACE(part);
    const auto kept = net.weights;
    double expected = 0, squares = 0;
    std::map<std::string, Values> direction;
    for (const Parameter& parameter : f.parameters.all()) {
      if (!parameter.name.starts_with(part) || parameter.role != ParameterRole::trained) continue;
      for (const float g : parameter.gradient) {
        direction[parameter.name].push_back(random.normal());
        expected += g * direction[parameter.name].back();
        squares += double{g} * g;
      }
    }
    const auto moved = [&](double step) {
      net.weights = kept;
      for (const auto& [name, v] : direction) {
        for (std::size_t i = 0; i < v.size(); ++i) net.weights[name][i] += step * v[i];
      }
      return loss(net, head, images, options, dy);
    };
    const double found = (moved(kNudge) - moved(-kNudge)) / (2 * kNudge);
    net.weights = kept;
    EXPECT_GT(net.nearest_kink, 0.1);
    EXPECT_GT(squares, 0);
    EXPECT_NEAR(found, expected, kTolerance * std::sqrt(squares));
  }
}

TEST(Network, GradientsOfHrNetEqualDifferencesAlongRandomDirections) { check_directional_gradients(Head::hrnet); }

TEST(Network, GradientsOfHigherHrNetEqualDifferencesAlongRandomDirections) {
  check_directional_gradients(Head::higherhrnet);
}

TEST(Network, DryRunCountsTheBytesOfTheRealRun) {
  for (const Head head : {Head::hrnet, Head::higherhrnet}) {
    Fixture real(small_network(head)), dry(small_network(head), {.threads = 2, .dry_run = true});
    real.parameters.initialise(1);
    std::ranges::fill(real.images.view(), 0.5F);
    for (Fixture* f : {&real, &dry}) {
      f->step();
      f->step();
    }
    EXPECT_EQ(dry.context.arena().peak(), real.context.arena().peak());
    for (Fixture* f : {&real, &dry}) {
      f->network.prepare_inference(f->context);
      static_cast<void>(inference_heatmaps(f->context, f->network.forward_inference(f->context, f->images)));
    }
    EXPECT_EQ(dry.context.arena().peak(), real.context.arena().peak());
    for (int i = 0; i < kMemoryClasses; ++i) {
      const auto memory_class = static_cast<MemoryClass>(i);
      EXPECT_EQ(dry.context.arena().peak(memory_class), real.context.arena().peak(memory_class))
          << to_string(memory_class);
    }
  }
}

TEST(Network, KeepsNothingAfterBackwardAndGrowsNoFurther) {
  Fixture f(small_network(Head::higherhrnet));
  f.parameters.initialise(1);
  std::ranges::fill(f.images.view(), 0.5F);
  const std::size_t before = f.context.arena().used();
  f.step();
  const std::size_t peak = f.context.arena().peak();
  EXPECT_EQ(f.context.arena().used(), before);
  f.step();
  EXPECT_EQ(f.context.arena().used(), before);
  EXPECT_EQ(f.context.arena().peak(), peak);
}

TEST(Network, StepsAndInferenceAreTheSameBitsAgain) {
  std::vector<std::vector<float>> runs;
  for (int run = 0; run < 2; ++run) {
    Fixture f(small_network(Head::higherhrnet));
    reference::Network net;
    Random random(3, 0, 0, RandomPurpose::test);
    draw_weights(random, f.parameters, net);
    fill(f.images, random_map(random, kPictures, kHeight, kWidth, 3).values);
    fill_memory_with_nan(f.context, 64);
    std::ranges::fill(f.parameters.gradients(), 0.F);
    f.step();
    f.step();
    f.network.prepare_inference(f.context);
    const NetworkMaps maps = f.network.forward_inference(f.context, f.images);
    auto& all = runs.emplace_back();
    const Tensor<float> heatmaps = inference_heatmaps(f.context, maps);
    for (const View<const float> values :
         {View<const float>(f.parameters.gradients()), View<const float>(f.parameters.running_statistics()),
          View<const float>(heatmaps), View<const float>(maps.embeddings)}) {
      all.insert(all.end(), values.begin(), values.end());
    }
  }
  EXPECT_EQ(runs[0], runs[1]);
}

TEST(Network, HeatmapsOfHrNetAreItsLowOnes) {
  Fixture f(small_network(Head::hrnet));
  f.parameters.initialise(1);
  std::ranges::fill(f.images.view(), 0.5F);
  f.network.prepare_inference(f.context);
  const NetworkMaps maps = f.network.forward_inference(f.context, f.images);
  EXPECT_TRUE(maps.high.empty());
  EXPECT_TRUE(std::ranges::equal(inference_heatmaps(f.context, maps).view(), maps.low.view()));
}

TEST(Network, RefusesPicturesOfOtherSizes) {
  Fixture f(small_network(Head::hrnet));
  const auto images = f.context.tensor<float>({1, 48, 64, 3});
  EXPECT_THROW(static_cast<void>(f.network.forward_training(f.context, images)), std::logic_error);
}

}  // namespace
}  // namespace posecu
