// Branch fusion against the double reference, and the reference against finite differences.
#include "kernels/fuse.h"

#include <fmt/format.h>

#include "kernel_test.h"
#include "tests/reference/differences.h"
#include "tests/reference/fuse.h"

namespace posecu {
namespace {

using reference::Map;
using reference::Values;

struct Problem {
  FuseShape shape;
  std::vector<int> factors;
  std::vector<Map> inputs;
  std::string name;
};

template <class T>
Map draw_map(const std::string& name, std::uint64_t seed, const FuseShape& shape, int factor) {
  Map map(shape.pictures, shape.height / factor, shape.width / factor, shape.channels);
  map.values = draw<T>(name, seed, map.values.size(), -1, 1);
  return map;
}

// Any set of inputs in any order, at a size that is the smallest possible or a small multiple of it.
template <class T>
Problem draw_problem(std::uint64_t seed, const std::vector<int>& channels, int largest_multiple) {
  Random random(seed, 0, 0, RandomPurpose::test);
  Problem p;
  p.shape.inputs = 1 + random.below(kMaxFused);
  int largest = 1;
  for (std::size_t i = 0; i < static_cast<std::size_t>(p.shape.inputs); ++i) {
    p.shape.factors[i] = 1 << random.below(4);
    p.factors.push_back(p.shape.factors[i]);
    largest = std::max(largest, p.shape.factors[i]);
  }
  p.shape.pictures = 1 + random.below(2);
  p.shape.height = largest * (1 + random.below(largest_multiple));
  p.shape.width = largest * (1 + random.below(largest_multiple));
  p.shape.channels = channels[static_cast<std::size_t>(random.below(static_cast<int>(channels.size())))];
  for (std::size_t i = 0; i < p.factors.size(); ++i)
    p.inputs.push_back(draw_map<T>(fmt::format("x{}", i), seed, p.shape, p.factors[i]));
  p.name = fmt::format("seed {}: [{},{},{},{}], factors {}", seed, p.shape.pictures, p.shape.height, p.shape.width,
                       p.shape.channels, fmt::join(p.factors, " "));
  return p;
}

template <class T>
std::vector<std::unique_ptr<Buffer<T>>> buffers(const std::vector<Map>& maps) {
  std::vector<std::unique_ptr<Buffer<T>>> result;
  for (const Map& map : maps) result.push_back(std::make_unique<Buffer<T>>(map.values));
  return result;
}

template <class T>
class FuseTest : public ::testing::Test {};
using Types = ::testing::Types<float, bfloat16, float16>;
TYPED_TEST_SUITE(FuseTest, Types);

const std::vector<int> kChannels = {1, 5, 8, 16, 24, 33};

TYPED_TEST(FuseTest, ForwardEqualsReference) {
  using T = TypeParam;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Problem p = draw_problem<T>(seed, kChannels, 3);
    SCOPED_TRACE(p.name);
    const Map expected = fuse(p.inputs, p.factors);
    const Values magnitude(expected.values.size(), static_cast<double>(p.inputs.size()));
    SameBits same;
    for_each_run([&](const KernelRun& run) {
      const auto x = buffers<T>(p.inputs);
      std::array<const T*, kMaxFused> inputs{};
      for (std::size_t i = 0; i < x.size(); ++i) inputs[i] = x[i]->data();
      Buffer<T> y(expected.values.size());
      fuse_forward<T>(run.stream, y.data(), inputs, p.shape, run.options);
      expect_close("y", y, expected.values, magnitude, kMaxFused);
      same.everywhere(run, "y", y.bytes());
    });
  }
}

// The official network adds branch 0 first and upwards, in float32: not one bit may differ.
TEST(FuseTest, AddsInTheOrderOfItsInputs) {
  const FuseShape shape{1, 4, 4, 8, 3, {1, 2, 4, 1}};
  const std::vector<float> terms = {1e8f, -1e8f, 0.25f};
  for_each_run([&](const KernelRun& run) {
    Buffer<float> a(Values(128, 1e8)), b(Values(32, -1e8)), c(Values(8, 0.25)), y(128);
    fuse_forward<float>(run.stream, y.data(), {a.data(), b.data(), c.data()}, shape, run.options);
    EXPECT_EQ(y[5], (terms[0] + terms[1]) + terms[2]);
    FuseShape reversed = shape;
    reversed.factors = {4, 2, 1, 1};
    fuse_forward<float>(run.stream, y.data(), {c.data(), b.data(), a.data()}, reversed, run.options);
    EXPECT_EQ(y[5], (terms[2] + terms[1]) + terms[0]);
  });
}

TYPED_TEST(FuseTest, BackwardEqualsReference) {
  using T = TypeParam;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Problem p = draw_problem<T>(seed, kChannels, 3);
    SCOPED_TRACE(p.name);
    const Map forward = fuse(p.inputs, p.factors), gradient = draw_map<T>("dy", seed, p.shape, 1);
    const std::vector<Map> expected = fuse_gradients(p.inputs, p.factors, gradient);
    SameBits same;
    for_each_run([&](const KernelRun& run) {
      const Buffer<T> dy(gradient.values), y(forward.values);
      std::vector<std::unique_ptr<Buffer<T>>> dx;
      std::array<T*, kMaxFused> gradients{};
      for (std::size_t i = 0; i < expected.size(); ++i) {
        dx.push_back(std::make_unique<Buffer<T>>(expected[i].values.size()));
        gradients[i] = dx[i]->data();
      }
      fuse_backward<T>(run.stream, gradients, dy.data(), y.data(), p.shape, run.options);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const int terms = p.factors[i] * p.factors[i];
        expect_close(fmt::format("dx_{}", i), *dx[i], expected[i].values, Values(dx[i]->size(), terms), terms);
        same.everywhere(run, fmt::format("dx_{}", i), dx[i]->bytes());
      }
    });
  }
}

TYPED_TEST(FuseTest, WritesOnlyTheGradientsThatAreWanted) {
  using T = TypeParam;
  const FuseShape shape{1, 8, 16, 8, 4, {1, 2, 8, 1}};
  const Map gradient = draw_map<T>("dy", 1, shape, 1);
  for_each_run([&](const KernelRun& run) {
    Buffer<T> dy(gradient.values), y(Values(gradient.values.size(), 1)), half(gradient.values.size() / 4);
    fuse_backward<T>(run.stream, {nullptr, half.data(), nullptr, nullptr}, dy.data(), y.data(), shape, run.options);
    EXPECT_FALSE(std::isnan(number(half[half.size() - 1])));
    // In place: the gradient of an input of the output's own size may take dy's memory.
    fuse_backward<T>(run.stream, {dy.data(), nullptr, nullptr, nullptr}, dy.data(), y.data(), shape, run.options);
    EXPECT_EQ(dy.values(), gradient.values);
  });
}

TEST(FuseTest, RefusesSizesThatItsFactorsDoNotDivide) {
  Buffer<float> x(8), y(8);
  EXPECT_THROW(fuse_forward<float>({}, y.data(), {x.data()}, {1, 2, 4, 1, 1, {4, 1, 1, 1}}), std::logic_error);
  EXPECT_THROW(fuse_forward<float>({}, y.data(), {x.data()}, {1, 3, 3, 1, 1, {3, 1, 1, 1}}), std::logic_error);
  EXPECT_THROW(fuse_forward<float>({}, y.data(), {x.data()}, {1, 2, 2, 1, 0, {1, 1, 1, 1}}), std::logic_error);
}

// Linear between ReLU's kinks: no sum lies so near 0, on either side, that a step crosses it.
bool far_from_kinks(Problem p, double step) {
  for (int side = 0; side < 2; ++side) {
    for (const double sum : fuse(p.inputs, p.factors).values)
      if (sum > 0 && sum < 2 * step) return false;
    for (Map& input : p.inputs)
      for (double& value : input.values) value = -value;
  }
  return true;
}

TEST(FuseReferenceTest, GradientsEqualFiniteDifferences) {
  constexpr double kStep = 1e-4;
  int checked = 0;
  for (std::uint64_t seed = 1; checked < 60; ++seed) {
    Problem p = draw_problem<float>(seed, {1, 2}, 1);
    if (!far_from_kinks(p, kStep)) continue;
    SCOPED_TRACE(p.name);
    const Map dy = draw_map<float>("dy", seed, p.shape, 1);
    const std::vector<Map> gradients = fuse_gradients(p.inputs, p.factors, dy);
    const auto loss = [&] { return reference::dot(dy.values, fuse(p.inputs, p.factors).values); };
    for (std::size_t i = 0; i < p.inputs.size(); ++i)
      reference::expect_gradient(fmt::format("x{}", i), p.inputs[i].values, gradients[i].values, loss, kStep, 1e-9);
    ++checked;
  }
}

}  // namespace
}  // namespace posecu
