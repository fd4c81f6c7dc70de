#include "kernels/warp_affine.h"

#include "tests/kernels/kernel_test.h"
#include "tests/reference/warp_affine.h"

namespace posecu {
namespace {

struct Case {
  int width, height, source_width, source_height, channels;
  int reach;  // columns and rows move by up to this many 1/1024 pixels a step
};

const std::vector<Case> kCases = {
    {1, 1, 1, 1, 1, 1024},     {1, 1, 1, 1, 3, 100},   {17, 9, 31, 1, 3, 1500},    {7, 64, 1, 29, 1, 900},
    {61, 33, 40, 37, 3, 1100}, {64, 8, 13, 17, 1, 64}, {300, 19, 47, 53, 3, 5000}, {257, 23, 101, 7, 1, 333},
};

template <class T, class Draw>
void fill(Buffer<T>& buffer, Draw draw_one) {
  for (std::size_t i = 0; i < buffer.size(); ++i) buffer[i] = draw_one(i);
}

Random random_for(std::size_t seed) { return Random(seed, 0, 0, RandomPurpose::test); }

TEST(WarpAffineTest, EqualsTheReferenceToTheByte) {
  for (std::size_t i = 0; i < 4 * kCases.size(); ++i) {
    SCOPED_TRACE(i);
    const Case c = kCases[i % kCases.size()];
    Random random = random_for(i);
    const auto source_bytes = static_cast<std::size_t>(c.source_width * c.source_height * c.channels);
    Buffer<std::uint8_t> x(source_bytes);
    fill(x, [&](std::size_t) { return static_cast<std::uint8_t>(random.bits()); });
    // A turned and scaled grid that begins left of and above the source.
    const int ax = random.below(2 * c.reach) - c.reach / 4, ay = random.below(c.reach) - c.reach / 2;
    const int begin_x = -random.below(4096), begin_y = -random.below(4096);
    Buffer<FixedPoint> columns(static_cast<std::size_t>(c.width)), rows(static_cast<std::size_t>(c.height));
    fill(columns, [&](std::size_t j) { return FixedPoint{static_cast<int>(j) * ax, static_cast<int>(j) * ay}; });
    fill(rows, [&](std::size_t j) {
      return FixedPoint{begin_x - static_cast<int>(j) * ay, begin_y + static_cast<int>(j) * ax};
    });

    reference::Places places;
    for (std::size_t j = 0; j < columns.size(); ++j) places.columns.push_back({columns[j].x, columns[j].y});
    for (std::size_t j = 0; j < rows.size(); ++j) places.rows.push_back({rows[j].x, rows[j].y});
    const std::vector<std::uint8_t> expected = reference::warp_affine(
        places, std::vector<std::uint8_t>(x.data(), x.data() + x.size()), c.source_width, c.source_height, c.channels);

    for_each_run([&](const KernelRun& run) {
      Buffer<std::uint8_t> y(expected.size());
      warp_affine(run.stream, y.data(), x.data(), columns.data(), rows.data(),
                  {c.width, c.height, c.source_width, c.source_height, c.channels}, run.options);
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(), y.data())) << run.name;
    });
  }
}

TEST(WarpAffineTest, NormalisingLooksUpAndMirrors) {
  for (const auto& [width, height] : {std::pair{1, 1}, {7, 3}, {33, 17}, {260, 9}}) {
    Random random = random_for(static_cast<std::size_t>(width));
    const auto bytes = static_cast<std::size_t>(width * height * 3);
    Buffer<std::uint8_t> x(bytes);
    fill(x, [&](std::size_t) { return static_cast<std::uint8_t>(random.bits()); });
    Buffer<float> table(768);
    fill(table, [&](std::size_t) { return static_cast<float>(random.uniform(-2, 2)); });
    for (const Mirror mirror : {Mirror::no, Mirror::yes}) {
      for_each_run([&](const KernelRun& run) {
        Buffer<float> y(bytes);
        normalise(run.stream, y.data(), x.data(), table.data(), width, height, mirror, run.options);
        int wrong = 0;
        for (int i = 0; i < width * height * 3; ++i) {
          const int pixel = i / 3, row = pixel / width, column = pixel % width;
          const int from = row * width + (mirror == Mirror::yes ? width - 1 - column : column);
          const std::size_t byte = x[static_cast<std::size_t>(from * 3 + i % 3)];
          wrong += y[static_cast<std::size_t>(i)] != table[byte * 3 + static_cast<std::size_t>(i % 3)];
        }
        EXPECT_EQ(wrong, 0) << run.name;
      });
    }
  }
}

}  // namespace
}  // namespace posecu
