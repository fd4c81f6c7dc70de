#include "core/context.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace posecu {
namespace {

TEST(ContextTest, CopiesToAndFromTheDevice) {
  Context context;
  std::vector<int> numbers(1000);
  std::iota(numbers.begin(), numbers.end(), -3);
  const auto first = context.tensor<int>({10, 100}), second = context.tensor<int>({1000});
  context.upload(first.view(), numbers);
  context.copy(second.view(), first.view());
  EXPECT_EQ(context.download<int>(second), numbers);
  context.fill_zero(second.view());
  EXPECT_EQ(context.download<int>(second), std::vector<int>(1000, 0));
  EXPECT_THROW(context.upload(first.view(), std::vector<int>(999)), std::logic_error);
}

TEST(ContextTest, ADryRunCopiesNothing) {
  Context context({.dry_run = true});
  const auto tensor = context.tensor<float>({4});
  context.upload(tensor.view(), std::vector<float>(4, 1.F));
  context.fill_zero(tensor.view());
  EXPECT_EQ(context.download<float>(tensor), std::vector<float>(4, 0.F));
}

TEST(ContextTest, ParallelWorkRunsAllOfIt) {
  Context context;
  std::vector<int> seen;
  context.parallel(5, [&](int i) { seen.push_back(i); });
  EXPECT_EQ(seen, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(ContextTest, LanesOfACountedDeviceKeepTheirMemoryApart) {
  Context context({.dry_run = true, .device = DeviceKind::cuda});
  std::vector<const float*> places;
  context.parallel(2, [&](int) { places.push_back(context.tensor<float>({64}).data()); });
  EXPECT_NE(places[0], places[1]) << "both lanes compute at the same time";
  EXPECT_EQ(context.tensor<float>({64}).data(), places[0]);
}

TEST(ContextTest, LanesEndWithAnException) {
  Context context({.dry_run = true, .device = DeviceKind::cuda});
  EXPECT_THROW(context.parallel(2, [](int i) { require(i == 0, "the second fails"); }), std::logic_error);
  EXPECT_NO_THROW(context.parallel(2, [](int) {}));
}

TEST(ContextTest, KeepsOneStateOfALibrary) {
  struct State {
    explicit State(Context& context) : threads(context.threads()) {}
    int threads, uses = 0;
  };
  Context context({.threads = 2}), other({.threads = 1});
  ++context.libraries().get<State>(context).uses;
  EXPECT_EQ(context.libraries().get<State>(context).uses, 1);
  EXPECT_EQ(context.libraries().get<State>(context).threads, 2);
  EXPECT_EQ(other.libraries().get<State>(other).uses, 0);
}

}  // namespace
}  // namespace posecu
