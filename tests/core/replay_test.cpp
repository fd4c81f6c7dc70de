#include "core/replay.h"

#include <gtest/gtest.h>

#include <numeric>
#include <stdexcept>
#include <vector>

#include "tests/support/device.h"

namespace posecu {
namespace {

std::vector<float> numbers(float first) {
  std::vector<float> result(1000);
  std::iota(result.begin(), result.end(), first);
  return result;
}

TEST(ReplayTest, ComputesWithWhatWasUploadedBeforehand) {
  Context context(test_graph_options({.threads = 1, .memory = std::size_t{1} << 28}));
  const auto from = context.tensor<float>({1000}), to = context.tensor<float>({1000});
  Replay replay(context);
  for (const float first : {3.F, 7.F, 5.F, 11.F, 2.F}) {
    context.upload(from.view(), numbers(first));
    if (first == 5) replay.forget();
    replay.run([&] {
      const auto between = context.tensor<float>({1000});
      context.copy(between.view(), from.view());
      context.copy(to.view(), between.view());
    });
    EXPECT_EQ(context.download<float>(to), numbers(first));
  }
}

// On a GPU from the third run on the work itself is not called.
TEST(ReplayTest, RunsTheWorkOnceToBeginAndOnceToRecord) {
  Context context(test_graph_options({.threads = 1, .memory = std::size_t{1} << 28}));
  const auto to = context.tensor<float>({1000});
  Replay replay(context);
  int calls = 0;
  const auto work = [&] {
    ++calls;
    context.fill_zero(to.view());
  };
  for (int i = 0; i < 5; ++i) replay.run(work);
  EXPECT_EQ(calls, context.graphs() ? 2 : 5);
  replay.forget();
  for (int i = 0; i < 5; ++i) replay.run(work);
  EXPECT_EQ(calls, context.graphs() ? 4 : 10);
}

TEST(ReplayTest, KeepsItsPlacesUntilItForgets) {
  Context context(test_graph_options({.threads = 1, .memory = std::size_t{1} << 28}));
  Replay replay(context);
  const float* place = nullptr;
  for (int i = 0; i < 3; ++i) {
    replay.run([&] {
      const auto tensor = context.tensor<float>({1000});
      context.fill_zero(tensor.view());
      place = tensor.data();
    });
  }
  EXPECT_EQ(context.tensor<float>({1000}).data() == place, !context.graphs());
  replay.forget();
  EXPECT_EQ(context.tensor<float>({1000}).data(), place);
}

TEST(ReplayTest, GoesOnAfterAnException) {
  Context context(test_graph_options({.threads = 1, .memory = std::size_t{1} << 28}));
  const auto to = context.tensor<float>({1000});
  context.upload(to.view(), numbers(1));
  Replay replay(context);
  const auto clear = [&] { context.fill_zero(to.view()); };
  replay.run(clear);
  const auto fail = [&] {
    clear();
    throw std::runtime_error("on purpose");
  };
  EXPECT_THROW(replay.run(fail), std::runtime_error);
  context.upload(to.view(), numbers(1));
  replay.run(clear);
  EXPECT_EQ(context.download<float>(to), std::vector<float>(1000, 0.F));
}

}  // namespace
}  // namespace posecu
