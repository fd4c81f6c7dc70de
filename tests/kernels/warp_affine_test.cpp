#include "kernels/warp_affine.h"

#include <algorithm>
#include <memory>

#include "tests/kernels/kernel_test.h"
#include "tests/reference/warp_affine.h"

namespace posecu {
namespace {

struct WarpCase {
  int width, height;
  std::vector<std::array<int, 2>> sources;  // width, height
  int reach;                                // columns and rows move by up to this many 1/1024 pixels a step
};

const std::vector<WarpCase> kWarpCases = {
    {1, 1, {{1, 1}}, 1024},
    {1, 1, {{1, 1}, {2, 3}}, 100},
    {17, 9, {{31, 1}, {5, 40}}, 1500},
    {7, 64, {{1, 29}}, 900},
    {61, 33, {{40, 37}}, 1100},
    {64, 8, {{13, 17}, {64, 8}, {7, 7}}, 64},
    {300, 19, {{47, 53}, {9, 1}}, 5000},
    {257, 23, {{101, 7}}, 333},
};

Random random_for(std::size_t seed) { return Random(seed, 0, 0, RandomPurpose::test); }

std::vector<std::uint8_t> drawn_bytes(Random& random, int n) {
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < n; ++i) bytes.push_back(static_cast<std::uint8_t>(random.bits()));
  return bytes;
}

template <class T>
std::unique_ptr<Buffer<T>> stored(const std::vector<T>& values) {
  auto buffer = std::make_unique<Buffer<T>>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) (*buffer)[i] = values[i];
  return buffer;
}

// One picture of a batch: a turned and scaled grid that begins left of and above it.
struct Picture {
  int width, height;
  Mirror mirror;
  std::vector<FixedPoint> columns, rows;
  std::vector<std::uint8_t> pixels, mask;  // [height,width,3]; [height,width] of 0 and 255, empty: 255 everywhere

  reference::Places places() const {
    reference::Places result;
    for (const FixedPoint& at : columns) result.columns.push_back({at.x, at.y});
    for (const FixedPoint& at : rows) result.rows.push_back({at.x, at.y});
    return result;
  }
};

std::vector<Picture> drawn_pictures(const WarpCase& c, std::size_t seed) {
  Random random = random_for(seed);
  std::vector<Picture> pictures;
  for (const auto& [width, height] : c.sources) {
    Picture picture{width, height, pictures.size() % 2 == seed % 2 ? Mirror::no : Mirror::yes, {}, {}, {}, {}};
    picture.pixels = drawn_bytes(random, width * height * 3);
    if (pictures.size() % 3 != 1) picture.mask = drawn_bytes(random, width * height);
    for (std::uint8_t& value : picture.mask) value = value % 3 == 0 ? 0 : 255;
    const int ax = random.below(2 * c.reach) - c.reach / 4, ay = random.below(c.reach) - c.reach / 2;
    const int begin_x = -random.below(4096), begin_y = -random.below(4096);
    for (int j = 0; j < c.width; ++j) picture.columns.push_back({j * ax, j * ay});
    for (int j = 0; j < c.height; ++j) picture.rows.push_back({begin_x - j * ay, begin_y + j * ax});
    pictures.push_back(std::move(picture));
  }
  return pictures;
}

// Pixels of `channels` values, from right to left in each row.
template <class T>
std::vector<T> mirrored(const std::vector<T>& pixels, int width, int channels) {
  std::vector<T> result;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const auto w = static_cast<std::size_t>(width), n = static_cast<std::size_t>(channels);
    const std::size_t row = i / (w * n), column = i / n % w, channel = i % n;
    result.push_back(pixels[(row * w + w - 1 - column) * n + channel]);
  }
  return result;
}

std::vector<std::uint8_t> expected_bytes(const std::vector<Picture>& pictures, int width) {
  std::vector<std::uint8_t> all;
  for (const Picture& p : pictures) {
    std::vector<std::uint8_t> warped = reference::warp_affine(p.places(), p.pixels, p.width, p.height, 3);
    if (p.mirror == Mirror::yes) warped = mirrored(warped, width, 3);
    all.insert(all.end(), warped.begin(), warped.end());
  }
  return all;
}

std::vector<std::uint8_t> expected_masks(const std::vector<Picture>& pictures, int width) {
  std::vector<std::uint8_t> all;
  for (const Picture& p : pictures) {
    const std::vector<std::uint8_t> everywhere(static_cast<std::size_t>(p.width * p.height), 255);
    std::vector<std::uint8_t> warped =
        reference::warp_affine(p.places(), p.mask.empty() ? everywhere : p.mask, p.width, p.height, 1);
    if (p.mirror == Mirror::yes) warped = mirrored(warped, width, 1);
    for (const std::uint8_t value : warped) all.push_back(value >= 128 ? 1 : 0);
  }
  return all;
}

std::vector<std::uint8_t> bits_of(const Picture& picture) {
  const auto width = static_cast<std::size_t>(picture.width), row_bytes = (width + 7) / 8;
  std::vector<std::uint8_t> bits(row_bytes * static_cast<std::size_t>(picture.height), 0);
  for (std::size_t i = 0; i < picture.mask.size(); ++i)
    if (picture.mask[i] != 0)
      bits[i / width * row_bytes + i % width / 8] |= static_cast<std::uint8_t>(1u << (i % width % 8));
  return bits;
}

enum class What { pixels, masks };

// Tasks where kernels reach them.
class Tasks {
 public:
  Tasks(const std::vector<Picture>& pictures, What what) {
    std::vector<WarpTask> tasks;
    for (const Picture& p : pictures) {
      places_.push_back(stored(p.columns));
      places_.push_back(stored(p.rows));
      tasks.push_back({nullptr, places_.end()[-2]->data(), places_.back()->data(), p.width, p.height, p.mirror});
      if (what == What::masks && p.mask.empty()) continue;
      sources_.push_back(stored(what == What::pixels ? p.pixels : bits_of(p)));
      tasks.back().source = sources_.back()->data();
    }
    tasks_ = stored(tasks);
  }
  const WarpTask* data() const { return tasks_->data(); }

 private:
  std::vector<std::unique_ptr<Buffer<FixedPoint>>> places_;
  std::vector<std::unique_ptr<Buffer<std::uint8_t>>> sources_;
  std::unique_ptr<Buffer<WarpTask>> tasks_;
};

template <class T>
bool equal(const std::vector<T>& expected, const Buffer<T>& found) {
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (expected[i] != found[i]) return false;
  return expected.size() == found.size();
}

// check(pictures, shape) for all cases and several draws of each.
template <class Check>
void each_case(Check check) {
  for (std::size_t i = 0; i < 4 * kWarpCases.size(); ++i) {
    SCOPED_TRACE(i);
    const WarpCase& c = kWarpCases[i % kWarpCases.size()];
    const std::vector<Picture> pictures = drawn_pictures(c, i);
    check(pictures, WarpShape{static_cast<int>(pictures.size()), c.width, c.height});
  }
}

TEST(WarpAffineTest, EqualsTheReferenceToTheByte) {
  each_case([](const std::vector<Picture>& pictures, WarpShape shape) {
    const std::vector<std::uint8_t> expected = expected_bytes(pictures, shape.width);
    for_each_run([&](const KernelRun& run) {
      const Tasks tasks(pictures, What::pixels);
      Buffer<std::uint8_t> y(expected.size());
      warp_bytes(run.stream, y.data(), tasks.data(), shape, run.options);
      EXPECT_TRUE(equal(expected, y)) << run.name;
    });
  });
}

TEST(WarpAffineTest, NormalisedPicturesAreLookedUpInTheTable) {
  Random random = random_for(1);
  std::vector<float> table;
  for (int i = 0; i < 768; ++i) table.push_back(static_cast<float>(random.uniform(-2, 2)));
  each_case([&table](const std::vector<Picture>& pictures, WarpShape shape) {
    std::vector<float> expected;
    for (const std::uint8_t byte : expected_bytes(pictures, shape.width))
      expected.push_back(table[std::size_t{byte} * 3 + expected.size() % 3]);
    for_each_run([&](const KernelRun& run) {
      const Tasks tasks(pictures, What::pixels);
      const auto look_up = stored(table);
      Buffer<float> y(expected.size());
      warp_normalised(run.stream, y.data(), tasks.data(), look_up->data(), shape, run.options);
      EXPECT_TRUE(equal(expected, y)) << run.name;
    });
  });
}

TEST(WarpAffineTest, MasksAreThoseOfWarpedBytes) {
  each_case([](const std::vector<Picture>& pictures, WarpShape shape) {
    const std::vector<std::uint8_t> expected = expected_masks(pictures, shape.width);
    for_each_run([&](const KernelRun& run) {
      const Tasks tasks(pictures, What::masks);
      Buffer<std::uint8_t> y(expected.size());
      warp_masks(run.stream, y.data(), tasks.data(), shape, run.options);
      EXPECT_TRUE(equal(expected, y)) << run.name;
    });
  });
}

}  // namespace
}  // namespace posecu
