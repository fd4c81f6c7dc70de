// Blocks and modules against the double reference, and their gradients against its differences on every element.
#include "models/basic_block.h"
#include "models/bottleneck.h"
#include "models/hr_module.h"
#include "tests/models/model_test.h"
#include "tests/support/device.h"

namespace posecu {
namespace {

// Errors of float32 through two to four batch norms over as few as four values each.
// Gradients are compared with the largest of their tensor or with 1, the size of dy: some are 0 by theory.
constexpr double kForwardTolerance = 2e-5, kGradientTolerance = 2e-4;

// Differences in double: the step is far below the distance to the nearest kink of a ReLU, which is drawn so.
constexpr double kKinkDistance = 1e-3, kStep = 1e-6;

// A block of one input and one output, called as modules are.
template <class Block>
struct Single {
  Block block;

  std::vector<View<const float>> forward_training(Context& context, const std::vector<View<const float>>& x) {
    return {block.forward_training(context, x[0])};
  }
  std::vector<Tensor<float>> backward(Context& context, std::vector<Tensor<float>> dy) {
    std::vector<Tensor<float>> dx;
    dx.push_back(block.backward(context, std::move(dy[0])));
    return dx;
  }
  void prepare_inference(Context& context) { block.prepare_inference(context); }
  std::vector<Tensor<float>> forward_inference(Context& context, std::vector<Tensor<float>> x) {
    std::vector<Tensor<float>> y;
    y.push_back(block.forward_inference(context, std::move(x[0])));
    return y;
  }
};

std::vector<Tensor<float>> tensors_of(Context& context, const std::vector<Map>& maps) {
  std::vector<Tensor<float>> result;
  for (const Map& map : maps) result.push_back(tensor_of(context, map));
  return result;
}

Values joined(const std::vector<Map>& maps) {
  Values result;
  for (const Map& map : maps) result.insert(result.end(), map.values.begin(), map.values.end());
  return result;
}

using Function = std::function<std::vector<Map>(reference::Network&, const std::vector<Map>&)>;

// The gradient of <dy, f(x)> for each element of `values`, by central differences.
Values differences(Values& values, const Values& dy, const std::function<std::vector<Map>()>& value) {
  const auto dot = [&] {
    const Values y = joined(value());
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += dy[i] * y[i];
    return sum;
  };
  Values result;
  for (double& element : values) {
    const double kept = element;
    element = kept + kStep;
    const double above = dot();
    element = kept - kStep;
    result.push_back((above - dot()) / (2 * kStep));
    element = kept;
  }
  return result;
}

// Weights and inputs drawn until every ReLU is far from its kink.
template <class Draw>
std::vector<Map> draw_away_from_kinks(Random& random, Parameters& parameters, reference::Network& net, const Draw& draw,
                                      const Function& function) {
  for (int attempt = 0; attempt < 2000; ++attempt) {
    draw_weights(random, parameters, net);
    std::vector<Map> x = draw();
    net.nearest_kink = 1;
    static_cast<void>(function(net, x));
    if (net.nearest_kink >= kKinkDistance) return x;
  }
  throw std::logic_error("no input keeps away from the kinks: draw smaller ones");
}

template <class Block, class Draw>
void check_block(Context& context, Random& random, Parameters& parameters, Block& block, const Draw& draw,
                 const Function& function) {
  parameters.allocate(context, Parameters::Gradients::allocate);
  reference::Network net;
  std::vector<Map> x = draw_away_from_kinks(random, parameters, net, draw, function);
  std::ranges::fill(parameters.gradients(), 9.F);
  const std::vector<Tensor<float>> inputs = tensors_of(context, x);
  fill_memory_with_nan(context);

  const auto y = block.forward_training(context, std::vector<View<const float>>(inputs.begin(), inputs.end()));
  const std::vector<Map> expected = function(net, x);
  std::vector<Map> dy;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    expect_values(y[i], expected[i].values, {kForwardTolerance}, "y");
    dy.push_back(random_map(random, expected[i].n, expected[i].h, expected[i].w, expected[i].c));
  }
  const auto dx = block.backward(context, tensors_of(context, dy));
  const Values all_dy = joined(dy);
  const auto value = [&] { return function(net, x); };
  for (std::size_t i = 0; i < x.size(); ++i) {
    expect_values(dx[i], differences(x[i].values, all_dy, value), {kGradientTolerance, 1}, "dx");
  }
  for (const Parameter& parameter : parameters.all()) {
    if (parameter.role != ParameterRole::trained) continue;
    const Values gradient = differences(net.weights.at(parameter.name), all_dy, value);
    expect_values(parameter.gradient, gradient, {kGradientTolerance, 1, 9}, parameter.name);
  }

  net.statistics = reference::Statistics::running;
  read_weights(parameters, net);  // the running statistics have moved
  block.prepare_inference(context);
  const auto inferred = block.forward_inference(context, tensors_of(context, x));
  const std::vector<Map> expected_inferred = function(net, x);
  for (std::size_t i = 0; i < inferred.size(); ++i) {
    expect_values(inferred[i], expected_inferred[i].values, {kForwardTolerance}, "inference");
  }
}

TEST(BasicBlock, EqualsTheReferenceAndItsDifferences) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed, 0, 0, RandomPurpose::test);
    Context context(test_context_options({.threads = 2, .memory = 64 << 20}));
    Parameters parameters;
    const int channels = 1 + random.below(5);
    Single<BasicBlock<float>> block{{parameters, "b", channels}};
    const int n = 1 + random.below(2), h = 1 + random.below(4), w = 3 + random.below(3);
    check_block(
        context, random, parameters, block, [&] { return std::vector{random_map(random, n, h, w, channels)}; },
        [](reference::Network& net, const std::vector<Map>& x) { return std::vector{net.basic_block(x[0], "b")}; });
  }
}

TEST(Bottleneck, EqualsTheReferenceAndItsDifferences) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed, 1, 0, RandomPurpose::test);
    Context context(test_context_options({.threads = 2, .memory = 64 << 20}));
    Parameters parameters;
    const int inner = 1 + random.below(3);
    const int in = random.below(2) == 0 ? 4 * inner : 1 + random.below(7);
    Single<Bottleneck<float>> block{{parameters, "b", in, inner}};
    const int n = 1 + random.below(2), h = 1 + random.below(3), w = 3 + random.below(3);
    check_block(
        context, random, parameters, block, [&] { return std::vector{random_map(random, n, h, w, in)}; },
        [](reference::Network& net, const std::vector<Map>& x) { return std::vector{net.bottleneck(x[0], "b")}; });
  }
}

void check_module(std::uint64_t seed, const std::vector<int>& channels, int outputs) {
  SCOPED_TRACE(seed);
  Random random(seed, 2, channels.size(), RandomPurpose::test);
  Context context(test_context_options({.threads = 2, .memory = 64 << 20}));
  Parameters parameters;
  const int lowest = 1 + random.below(2), blocks = 1;
  HrModule<float> module(parameters, "m", channels, blocks, outputs);
  const auto draw = [&] {
    std::vector<Map> x;
    const int branches = static_cast<int>(channels.size());
    for (int j = 0; j < branches; ++j) {
      const int scale = 1 << (branches - 1 - j);
      x.push_back(random_map(random, 3, scale, lowest * scale, channels[static_cast<std::size_t>(j)]));
    }
    return x;
  };
  check_block(context, random, parameters, module, draw,
              [&](reference::Network& net, const std::vector<Map>& x) { return net.module(x, "m", blocks, outputs); });
}

TEST(HrModule, OfTwoBranchesEqualsTheReferenceAndItsDifferences) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const int c = static_cast<int>(seed);
    check_module(seed, {1 + c % 3, 1 + c / 3 % 3}, 1 + c % 2);
  }
}

TEST(HrModule, OfThreeBranchesEqualsTheReferenceAndItsDifferences) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) check_module(seed, {1, 2, 3}, seed == 0 ? 1 : 3);
}

TEST(HrModule, OfFourBranchesEqualsTheReferenceAndItsDifferences) { check_module(0, {1, 1, 2, 1}, 4); }

}  // namespace
}  // namespace posecu
