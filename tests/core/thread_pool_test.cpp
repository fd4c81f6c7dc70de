#include "core/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <vector>

namespace posecu {
namespace {

class ThreadPoolTest : public testing::TestWithParam<int> {};

TEST_P(ThreadPoolTest, RunsEveryBlockOnce) {
  ThreadPool pool(GetParam());
  EXPECT_EQ(pool.threads(), GetParam());
  for (unsigned blocks = 0; blocks < 200; ++blocks) {
    std::vector<std::atomic<int>> runs(blocks);
    pool.parallel(blocks, [&](unsigned block) { ++runs[block]; });
    for (const auto& count : runs) ASSERT_EQ(count.load(), 1) << blocks << " blocks";
  }
}

TEST_P(ThreadPoolTest, ALaunchSeesWhatTheOneBeforeWrote) {
  ThreadPool pool(GetParam());
  std::vector<int> values(64, 0);
  for (int launch = 0; launch < 3000; ++launch) {
    pool.parallel(64, [&](unsigned block) { ++values[(block + static_cast<unsigned>(launch)) % 64]; });
  }
  for (const int value : values) EXPECT_EQ(value, 3000);
}

INSTANTIATE_TEST_SUITE_P(Threads, ThreadPoolTest, testing::Values(1, 2, 3, 8));

}  // namespace
}  // namespace posecu
