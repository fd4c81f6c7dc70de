// Whether the places that the arena hands out twice are ever in use twice: by what comes out of networks with and
// without reuse, and by a checker of its own that knows nothing of how the arena finds a place.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include "core/arena.h"
#include "core/file.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

std::string output_of(const std::string& command) {
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) output += buffer.data();
  EXPECT_EQ(pclose(pipe), 0) << command;
  return output;
}

// What is in use, as intervals of addresses.
class Overlaps {
 public:
  void take(std::uintptr_t begin, std::size_t bytes) {
    for (const auto& [other, end] : used_)
      if (begin < end && other < begin + bytes) ++found_;
    used_[begin] = begin + bytes;
    live_ += bytes;
    most_ = std::max(most_, live_);
  }
  void give_back(std::uintptr_t begin) {
    live_ -= used_.at(begin) - begin;
    used_.erase(begin);
  }
  int found() const { return found_; }
  std::size_t most() const { return most_; }

 private:
  std::map<std::uintptr_t, std::uintptr_t> used_;  // begin -> end
  std::size_t live_ = 0, most_ = 0;
  int found_ = 0;
};

TEST(ReuseTest, GivesTheSameBitsWithAndWithoutIt) {
  const std::string with = output_of(POSECU_WITH_REUSE), without = output_of(POSECU_WITHOUT_REUSE);
  EXPECT_EQ(with, without);
  EXPECT_EQ(std::count(with.begin(), with.end(), '\n'), 24) << "8 networks, 3 sizes of batch";
  EXPECT_EQ(with.find("nan"), std::string::npos);
}

TEST(ReuseTest, NeverHandsOutWhatIsInUse) {
  const TemporaryFolder folder;
  const std::string log = (folder.path() / "log").string();
  output_of("POSECU_ARENA_LOG=" + log + ' ' + POSECU_WITHOUT_REUSE);
  constexpr std::size_t kCapacity = std::size_t{1} << 30;
  std::optional<Arena> arena;
  Overlaps overlaps;
  std::map<std::size_t, std::byte*> places;  // of the requests' numbers
  std::size_t requests = 0, asked = 0, most = 0;
  std::ifstream lines(log);
  for (std::string word; lines >> word;) {
    if (word == "new") {
      places.clear();
      overlaps = {};
      arena.emplace(kCapacity, Arena::Backing::counting);
      continue;
    }
    std::size_t number = 0, bytes = 0;
    lines >> number;
    if (word == "-") {
      overlaps.give_back(reinterpret_cast<std::uintptr_t>(places.at(number)));
      arena->release(places.at(number));
      continue;
    }
    lines >> bytes;
    std::byte* place = arena->allocate(bytes, MemoryClass::activations);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(place) % Arena::kAlignment, 0U);
    overlaps.take(reinterpret_cast<std::uintptr_t>(place), std::max<std::size_t>(bytes, 1));
    places[number] = place;
    ++requests, asked += bytes;
    ASSERT_EQ(overlaps.found(), 0) << "request " << requests;
    ASSERT_GE(arena->peak(), overlaps.most());
    most = std::max(most, overlaps.most());
  }
  EXPECT_GT(requests, 10000U);
  EXPECT_GT(asked, 10 * most) << "there was reuse";
}

}  // namespace
}  // namespace posecu
