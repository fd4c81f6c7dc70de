// People found by recorded and replayed passes are those that are found without. On the CPU nothing is recorded, and
// both are the same by themselves.
#include <gtest/gtest.h>

#include "apps/evaluation.h"
#include "core/random.h"
#include "models/network.h"
#include "tests/apps/tiny_network.h"
#include "tests/support/device.h"

namespace posecu {
namespace {

enum class Graphs { off, on };

ContextOptions options(Graphs graphs) {
  ContextOptions result = test_graph_options({.threads = 1, .memory = std::size_t{1} << 30});
  result.graphs = graphs == Graphs::on;
  return result;
}

Picture noise(std::uint64_t seed, int width, int height) {
  Random random(seed, 0, 0, RandomPurpose::test);
  Picture picture{width, height, {}};
  picture.pixels.resize(static_cast<std::size_t>(3 * width) * static_cast<std::size_t>(height));
  for (std::uint8_t& value : picture.pixels) value = static_cast<std::uint8_t>(random.below(256));
  return picture;
}

std::vector<double> numbers_of(const std::vector<Person>& people) {
  std::vector<double> numbers;
  for (const Person& person : people) {
    numbers.push_back(person.score);
    for (const Keypoint& k : person.keypoints) numbers.insert(numbers.end(), {k.x, k.y, k.score, k.refined ? 1. : 0.});
  }
  return numbers;
}

// A network whose heatmaps have peaks everywhere.
struct Finding {
  Finding(Graphs graphs, Precision precision, const FindOptions& find)
      : context(options(graphs)), network(parameters, kTinyNetwork, precision), found_with(find) {
    parameters.allocate(context, Parameters::Gradients::none);
    set_weights({});
  }
  void set_weights(const GoldenWeightRule& rule) {
    for (const Parameter& parameter : parameters.all())
      parameters.set(parameter, golden_weights(rule, parameter.name, parameter.shape));
    network.prepare_inference(context);
    finder.reset();
    finder.emplace(context, network, skeleton, found_with);
  }

  Context context;
  Parameters parameters;
  Network network;
  Skeleton skeleton = coco_skeleton();
  FindOptions found_with;
  std::optional<PeopleFinder> finder;
};

struct Pair {
  explicit Pair(const FindOptions& find, Precision precision = Precision::fp32)
      : eager(Graphs::off, precision, find), replayed(Graphs::on, precision, find) {}
  std::vector<double> find(std::uint64_t seed, int width, int height) {
    const Picture picture = noise(seed, width, height);
    std::vector<double> expected = numbers_of(eager.finder->find(picture, "noise"));
    EXPECT_EQ(expected, numbers_of(replayed.finder->find(picture, "noise"))) << seed << ": " << width << 'x' << height;
    return expected;
  }
  Finding eager, replayed;
};

FindOptions small_options() {
  FindOptions result;
  result.input_size = 64;
  result.decode.threshold = -1e9;  // noise has no sure keypoints
  return result;
}

constexpr std::pair<int, int> kSizes[] = {{90, 60}, {60, 110}, {70, 70}};

TEST(PeopleFinderReplay, FindsTheSameInThreeSizesInTurns) {
  for (const Precision precision : {Precision::fp32, Precision::bf16}) {
    Pair pair(small_options(), precision);
    std::uint64_t seed = 0;
    std::vector<double> last;
    for (int round = 0; round < 4; ++round) {
      for (const auto& [width, height] : kSizes) {
        std::vector<double> found = pair.find(++seed, width, height);
        EXPECT_FALSE(found.empty());
        EXPECT_NE(found, last);
        last = std::move(found);
      }
    }
  }
}

TEST(PeopleFinderReplay, FindsTheSameAtThreeScales) {
  FindOptions options = small_options();
  options.scales = {0.5, 1, 1.5};
  Pair pair(options);
  for (std::uint64_t seed = 0; seed < 3; ++seed) pair.find(seed, 90, 60);
}

TEST(PeopleFinderReplay, FindsTheSameInMoreSizesThanItKeeps) {
  Pair pair(small_options());
  std::uint64_t seed = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 1; i <= 10; ++i) pair.find(++seed, 60 * i + 10, 60);
    pair.find(++seed, 70, 60);
    pair.find(++seed, 70, 60);
  }
}

TEST(PeopleFinderReplay, FollowsWeightsThatChange) {
  Pair pair(small_options());
  std::vector<double> before;
  for (int i = 0; i < 3; ++i) before = pair.find(1, 90, 60);
  const GoldenWeightRule other{.salt = "other"};
  pair.eager.set_weights(other), pair.replayed.set_weights(other);
  for (int i = 0; i < 3; ++i) EXPECT_NE(pair.find(1, 90, 60), before);
}

// While one picture is computed, the next is on its way.
TEST(PeopleFinderReplay, FindsTheSameWithTheNextPictureUnderWay) {
  Pair pair(small_options());
  std::vector<Picture> pictures;
  for (std::uint64_t i = 0; i < 9; ++i) pictures.push_back(noise(i, kSizes[i / 2 % 3].first, kSizes[i / 2 % 3].second));
  pair.replayed.finder->send(pictures[0], "0");
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const auto found = pair.replayed.finder->find_sent([&] {
      if (i + 1 < pictures.size()) pair.replayed.finder->send(pictures[i + 1], "next");
    });
    EXPECT_EQ(numbers_of(found), numbers_of(pair.eager.finder->find(pictures[i], "noise"))) << i;
  }
}

}  // namespace
}  // namespace posecu
