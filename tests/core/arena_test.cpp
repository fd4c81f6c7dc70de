#include "core/arena.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/random.h"

namespace posecu {
namespace {

TEST(ArenaTest, SameRequestsGiveSameAddresses) {
  const auto offsets = [](Arena& arena) {
    std::vector<std::ptrdiff_t> result;
    const Tensor<float> first(arena, {4});
    for (int i = 0; i < 50; ++i) {
      Random random(7, 0, static_cast<std::uint64_t>(i), RandomPurpose::test);
      const Tensor<float> kept(arena, {1 + random.below(1000)}), other(arena, {1 + random.below(1000)});
      result.push_back(kept.data() - first.data());
      result.push_back(other.data() - first.data());
    }
    return result;
  };
  Arena a(1 << 20), b(1 << 22), counting(1 << 20, Arena::Backing::counting);
  const auto expected = offsets(a);
  EXPECT_EQ(offsets(b), expected);
  EXPECT_EQ(offsets(counting), expected);
  EXPECT_EQ(offsets(a), expected) << "the second pass must find the arena as the first did";
}

TEST(ArenaTest, ReleasedNeighboursMerge) {
  Arena arena(4 * Arena::kAlignment);
  Tensor<std::byte> a(arena, {256}), b(arena, {256}), c(arena, {256}), d(arena, {256});
  a.reset(), c.reset(), b.reset();  // a gap before, after and between
  EXPECT_NO_THROW(Tensor<std::byte>(arena, {768}));
  d.reset();
  EXPECT_NO_THROW(Tensor<std::byte>(arena, {1024}));
  EXPECT_EQ(arena.used(), 0U);
}

TEST(ArenaTest, BlocksInUseNeverOverlap) {
  Arena arena(1 << 20);
  std::vector<Tensor<int>> tensors;
  Random random(1, 0, 0, RandomPurpose::test);
  for (int i = 0; i < 2000; ++i) {
    if (tensors.size() > 20) tensors.erase(tensors.begin() + random.below(20));
    auto& tensor = tensors.emplace_back(arena, Shape{1 + random.below(3000)});
    for (int& value : tensor.view()) value = i;
    for (const auto& other : tensors) {
      ASSERT_EQ(*other.view().begin(), *(other.view().end() - 1)) << "a block was written through another";
    }
  }
}

TEST(ArenaTest, CountsPeakBytesOfEveryClass) {
  Arena arena(1 << 20, Arena::Backing::counting);
  {
    const Tensor<float> a(arena, {64}, MemoryClass::weights);
    { const Tensor<float> b(arena, {128}, MemoryClass::activations); }
    const Tensor<float> c(arena, {65}, MemoryClass::activations);
  }
  EXPECT_EQ(arena.peak(MemoryClass::weights), 256U);
  EXPECT_EQ(arena.peak(MemoryClass::activations), 512U);
  EXPECT_EQ(arena.peak(), 768U);
  EXPECT_EQ(arena.used(), 0U);
}

TEST(ArenaTest, OutOfMemoryNamesWhatWasAskedFor) {
  Arena arena(1 << 20);
  const Tensor<float> weights(arena, {1 << 17}, MemoryClass::weights);
  try {
    const Tensor<float> more(arena, {1 << 20}, MemoryClass::activations);
    FAIL() << "4 MiB fitted into an arena of 1 MiB";
  } catch (const MachineError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("4 MiB more asked for activations"), std::string::npos) << message;
    EXPECT_NE(message.find("train.batch"), std::string::npos) << message;
  }
}

TEST(ShapeTest, PrintsAndRefusesTooManyElements) {
  EXPECT_EQ(to_string(Shape{2, 64, 3}), "[2,64,3]");
  const Shape huge{1 << 30, 1 << 30, 1 << 30};
  EXPECT_THROW((void)huge.elements(), std::logic_error);
}

TEST(ArenaTest, LanesDoNotGetEachOthersMemory) {
  Arena arena(1 << 20);
  Tensor<std::byte> first(arena, {256}), second(arena, {256});
  const std::byte *first_place = first.data(), *second_place = second.data();
  arena.fork(2);
  arena.enter(0);
  first.reset();
  arena.enter(1);
  second.reset();
  const Tensor<std::byte> next(arena, {256}), fresh(arena, {256});
  EXPECT_EQ(next.data(), second_place) << "a lane reuses what it released itself";
  EXPECT_NE(fresh.data(), first_place) << "lane 0 may still be computing there";
  arena.join();
  const Tensor<std::byte> after(arena, {256});
  EXPECT_EQ(after.data(), first_place);
}

TEST(ArenaTest, JoinedLanesMerge) {
  Arena arena(4 * Arena::kAlignment);
  Tensor<std::byte> a(arena, {256}), b(arena, {256}), c(arena, {256}), d(arena, {256});
  arena.fork(2);
  a.reset(), c.reset();
  arena.enter(1);
  b.reset(), d.reset();
  arena.join();
  EXPECT_NO_THROW(Tensor<std::byte>(arena, {1024}));
}

TEST(ArenaTest, CommitsOnlyWhatIsHandedOut) {
  std::vector<std::byte> memory(1 << 16);
  std::size_t committed = 0;
  Arena arena(ReservedRange{memory.data(), memory.size(), [&](std::size_t bytes) { committed = bytes; }});
  { const Tensor<std::byte> a(arena, {512}), b(arena, {256}); }
  EXPECT_EQ(committed, 768U);
  { const Tensor<std::byte> again(arena, {600}); }
  EXPECT_EQ(committed, 768U) << "what was committed once stays";
}

TEST(ArenaTest, AFailedCommitChangesNothing) {
  std::vector<std::byte> memory(1 << 16);
  Arena arena(ReservedRange{memory.data(), memory.size(), [](std::size_t bytes) {
                              if (bytes > 512) throw MachineError("no more");
                            }});
  EXPECT_THROW(Tensor<std::byte>(arena, {1024}), MachineError);
  EXPECT_EQ(arena.used(), 0U);
  EXPECT_NO_THROW(Tensor<std::byte>(arena, {512}));
}

TEST(ArenaTest, KeptPlacesAreNotHandedOut) {
  Arena arena(8 * Arena::kAlignment);
  const Tensor<std::byte> before(arena, {256});
  std::vector<const std::byte*> used;
  arena.watch();
  {
    const Tensor<std::byte> a(arena, {512}), b(arena, {256});
    used = {a.data(), b.data()};
  }
  { const Tensor<std::byte> again(arena, {256}), more(arena, {256}); }
  const auto kept = arena.keep();
  {
    const Tensor<std::byte> other(arena, {1024});
    EXPECT_EQ(other.data(), used[1] + 256) << "begins behind all that was used";
    EXPECT_THROW(Tensor<std::byte>(arena, {256}), MachineError);
  }
  arena.let_go(kept);
  EXPECT_EQ(Tensor<std::byte>(arena, {7 * 256}).data(), used[0]);
}

TEST(ArenaTest, WhatIsStillInUseIsNotKeptTwice) {
  Arena arena(4 * Arena::kAlignment);
  arena.watch();
  Tensor<std::byte> result(arena, {256});
  { const Tensor<std::byte> temporary(arena, {256}); }
  const auto kept = arena.keep();
  result.reset();
  arena.let_go(kept);
  EXPECT_NO_THROW(Tensor<std::byte>(arena, {1024})) << "all is free again, and once";
}

}  // namespace
}  // namespace posecu
