// The harness itself: a sound kernel passes, each planted bug is reported for what it is.
#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>

#include "kernel_test.h"
#include "planted.h"

namespace posecu {
namespace {

constexpr int kTile = 200, kTiles = 3, kElements = kTile * kTiles;

std::vector<double> tile_sums_reference(const std::vector<double>& x) {
  std::vector<double> y(x.size());
  for (int i = 0; i < kElements; ++i)
    for (int j = 0; j < kTile; ++j)
      y[static_cast<std::size_t>(i)] += x[static_cast<std::size_t>(i / kTile * kTile + j)];
  return y;
}

TEST(HarnessTest, SoundKernelPasses) {
  const std::vector<double> values = draw<float>("x", 1, kElements, 0, 1), expected = tile_sums_reference(values);
  SameBits same;
  for_each_run([&](const KernelRun& run) {
    const Buffer<float> x(values);
    Buffer<float> y(kElements);
    tile_sums(run.stream, y.data(), x.data(), kElements, kTile, Planted::none, run.options);
    expect_close("y", y, expected, expected, kTile);
    same.at_one_block_size(run, "y", y.bytes());
  });
}

TEST(HarnessTest, UnwrittenResultsAreNaN) {
  const Buffer<float> f(3);
  const Buffer<bfloat16> b(3);
  const Buffer<float16> h(3);
  EXPECT_TRUE(std::isnan(number(f[2])) && std::isnan(number(b[2])) && std::isnan(number(h[2])));
}

TEST(HarnessTest, RoundsToBfloat16AsTheFormatSays) {
  EXPECT_EQ(number(rounded<bfloat16>(1.00390625)), 1.0);  // halfway between 1 and 1 + 2^-7: to the even one
  EXPECT_EQ(number(rounded<bfloat16>(1.01171875)), 1.015625);
  EXPECT_EQ(number(rounded<bfloat16>(-3.14159)), -3.140625);
}

TEST(HarnessTest, RoundsToFloat16AsTheFormatSays) {
  EXPECT_EQ(number(rounded<float16>(1.00048828125)), 1.0);  // halfway between 1 and 1 + 2^-10: to the even one
  EXPECT_EQ(number(rounded<float16>(-3.14159)), -3.140625);
  EXPECT_EQ(number(rounded<float16>(0x1.8p-24)), 0x1p-23);  // halfway between two subnormal numbers
  EXPECT_EQ(number(rounded<float16>(65520.0)), std::numeric_limits<double>::infinity());
  EXPECT_EQ(number(rounded<float16>(65519.0)), 65504.0);
  EXPECT_EQ(rounded<float16>(-0.0).bits, 0x8000);
}

TEST(HarnessTest, DryRunLaunchesNothing) {
  Buffer<float> y(kElements);
  tile_sums({.dry_run = true}, y.data(), nullptr, kElements, kTile, Planted::none, {});
  EXPECT_TRUE(std::isnan(number(y[0])));
}

#ifndef POSECU_SIMT

TEST(HarnessTest, SeesWriteIntoARedZone) {
  ::testing::TestPartResultArray failures;
  {
    const ::testing::ScopedFakeTestPartResultReporter catcher(&failures);
    for_each_run([](const KernelRun& run) {
      const Buffer<float> x(draw<float>("x", 1, kElements, 0, 1));
      Buffer<float> y(kElements);
      tile_sums(run.stream, y.data(), x.data(), kElements, kTile, Planted::write_past_the_end, run.options);
    });
  }
  EXPECT_GE(failures.size(), 3);
}

#else

// What simt reports when tile_sums runs with `bug`, and the result.
struct Outcome {
  std::vector<std::string> reports;
  std::vector<double> y;
  bool red_zone_hit;
};
Outcome run_planted(Planted bug, int threads = 64, unsigned seed = 1) {
  simt::set_seed(seed);
  simt::clear_reports();
  Outcome outcome;
  const Buffer<float> x(draw<float>("x", 1, kElements, 0, 1));
  ::testing::TestPartResultArray failures;
  {
    const ::testing::ScopedFakeTestPartResultReporter catcher(&failures);
    Buffer<float> y(kElements);
    tile_sums({}, y.data(), x.data(), kElements, kTile, bug, {threads});
    outcome = {simt::reports(), y.values(), false};
  }
  outcome.red_zone_hit = failures.size() > 0;
  simt::clear_reports();
  return outcome;
}

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(HarnessTest, SeesMissingBarrierInEverySchedule) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    // A thread may find its neighbour's value not written yet, or written without order: both are reported.
    EXPECT_THAT(run_planted(Planted::missing_barrier, 64, seed).reports, Not(IsEmpty())) << "schedule " << seed;
  }
}

TEST(HarnessTest, SeesMissingBarrierBeforeReuse) {
  EXPECT_THAT(run_planted(Planted::missing_barrier_on_reuse).reports, Contains(HasSubstr("race: ")));
}

TEST(HarnessTest, SeesWriteOutOfBounds) {
  const Outcome outcome = run_planted(Planted::write_past_the_end);
  EXPECT_THAT(outcome.reports, Contains(HasSubstr("write out of bounds in block (2,0,0) thread (0,0,0)")));
  EXPECT_TRUE(outcome.red_zone_hit);
}

TEST(HarnessTest, SeesReadOutOfBounds) {
  EXPECT_THAT(run_planted(Planted::read_past_the_end).reports, Contains(HasSubstr("read out of bounds")));
}

TEST(HarnessTest, SeesWriteToMemoryThatWasNotHandedIn) {
  EXPECT_THAT(run_planted(Planted::unregistered_memory).reports, Contains(HasSubstr("write out of bounds")));
}

TEST(HarnessTest, SeesResultThatDependsOnBlockSize) {
  const Outcome right = run_planted(Planted::depends_on_block_size, 32);
  const Outcome wrong = run_planted(Planted::depends_on_block_size, 96);
  EXPECT_THAT(wrong.reports, IsEmpty());  // only the comparison can see it
  SameBits same;
  same.everywhere({}, "y", std::as_bytes(std::span(right.y)));
  EXPECT_NONFATAL_FAILURE(same.everywhere({}, "y", std::as_bytes(std::span(wrong.y))), "other bits");
  EXPECT_EQ(right.y, run_planted(Planted::none, 32).y);
}

TEST(HarnessTest, SeesReadOfUnwrittenSharedMemory) {
  EXPECT_THAT(run_planted(Planted::unwritten_shared_memory).reports,
              Contains(HasSubstr("read of shared memory that this block has not written")));
}

TEST(HarnessTest, SeesEarlyReturnBeforeBarrier) {
  EXPECT_THAT(run_planted(Planted::early_return).reports, Contains(HasSubstr("barrier after a thread has returned")));
}

TEST(HarnessTest, SeesDifferentBarriers) {
  EXPECT_THAT(run_planted(Planted::divergent_barrier).reports,
              Contains(HasSubstr("threads wait at different barriers")));
}

TEST(HarnessTest, SeesStuckWarp) {
  EXPECT_THAT(run_planted(Planted::stuck_warp).reports, Contains(HasSubstr("deadlock")));
}

TEST(HarnessTest, SeesCollidingBlocks) {
  EXPECT_THAT(run_planted(Planted::colliding_blocks).reports, Contains(HasSubstr("race: write after write")));
}

TEST(HarnessTest, SeesCollidingThreads) {
  EXPECT_THAT(run_planted(Planted::colliding_threads).reports, Contains(HasSubstr("race: write after write")));
}

TEST(HarnessTest, SeesMisalignedVector) {
  EXPECT_THAT(run_planted(Planted::misaligned_vector).reports, Contains(HasSubstr("misaligned vector access")));
}

TEST(HarnessTest, SeesShuffleFromAbsentLane) {
  EXPECT_THAT(run_planted(Planted::absent_lane).reports, Contains(HasSubstr("shuffle from an absent lane")));
}

#endif

}  // namespace
}  // namespace posecu
