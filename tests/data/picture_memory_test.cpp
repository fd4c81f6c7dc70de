// Memory over pictures made to take much of it: while one is decoded, at most 32 MiB, 4 bytes a pixel and 4 times the
// file, measured in a process of its own. A sanitizer's memory says nothing.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/error.h"
#include "core/file.h"
#include "tests/data/picture_maker.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using testing::HasSubstr;

double peak_mib() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// Decodes in a child; what came of it, in words, and by how much its memory grew.
void expect_decoding(const FileBytes& file, std::size_t pixels, const std::string& outcome) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    const double before = peak_mib();
    std::string said;
    try {
      const Picture picture = decode_picture(file, "a");
      said = std::to_string(picture.width) + " x " + std::to_string(picture.height);
    } catch (const InputError& error) {
      said = error.what();
    }
    said = std::to_string(peak_mib() - before) + ' ' + said;
    _exit(write(ends[1], said.data(), said.size()) < 0);
  }
  close(ends[1]);
  std::array<char, 1000> said{};
  EXPECT_GT(read(ends[0], said.data(), said.size() - 1), 0);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(said.data(), HasSubstr(outcome));
  constexpr double kMiB = 1 << 20;
  EXPECT_LE(std::stod(said.data()), 32 + 4 * static_cast<double>(pixels + file.size()) / kMiB) << outcome;
}

std::vector<std::uint8_t> flat(int width, int height, std::size_t channels) {
  return std::vector<std::uint8_t>(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * channels);
}

FileBytes flat_png(int side) {
  const TemporaryFolder folder;
  write_png(folder.path() / "flat.png", {side, side, flat(side, side, 3)});
  return read_file(folder.path() / "flat.png");
}

// Width, height, depth, colour type, compression, filter and interlacing; as many as are given.
FileBytes with_header(FileBytes file, std::initializer_list<int> bytes) {
  std::ranges::transform(bytes, file.begin() + 16, [](int byte) { return static_cast<std::byte>(byte); });
  repair_png_checksums(file);
  return file;
}

TEST(PictureMemoryTest, PngBombsAreRefused) {
  const FileBytes small = make_png(8, 8, flat(8, 8, 3)), large = flat_png(5000);
  expect_decoding(with_header(small, {0, 0, 0x36, 0xb0, 0, 0, 0x36, 0xb0}), 0, "14000 x 14000 pixels are too many");
  expect_decoding(with_header(large, {0, 0, 0, 8, 0, 0, 0, 8}), 64, "damaged: ");
  expect_decoding(large, 25'000'000, "decoding takes 143 MiB, more than the 130 MiB for 25000000 pixels");
  expect_decoding(with_header(small, {0, 0, 0xf, 0xa0, 0, 0, 0xf, 0xa0, 16, 6, 0, 0, 1}), 16'000'000,
                  "decoding takes 5");
  FileBytes text = small;  // a chunk of text that inflates to 75 MB, which nobody asks for
  text.insert(text.begin() + 33, large.begin() + 33, large.end() - 12);
  std::ranges::transform(std::string_view("zTXt"), text.begin() + 37, [](char c) { return static_cast<std::byte>(c); });
  repair_png_checksums(text);
  expect_decoding(text, 64, " 8 x 8");
}

TEST(PictureMemoryTest, JpegBombsAreRefused) {
  FileBytes wide = make_jpeg(8, 8, flat(8, 8, 3));
  const std::array<std::byte, 2> frame{std::byte{0xff}, std::byte{0xc0}};
  const auto at = std::search(wide.begin(), wide.end(), frame.begin(), frame.end()) + 5;
  std::fill(at, at + 4, std::byte{0xff});
  expect_decoding(wide, 0, "Maximum supported image dimension is 65500 pixels");
  expect_decoding(make_jpeg(8, 8, flat(8, 8, 3), {.progressive = true, .extra_scans = 10}), 64, "more than 100 scans");
  expect_decoding(make_jpeg(5200, 4000, flat(5200, 4000, 3), {.progressive = true}), 20'800'000,
                  "decoding takes 119 MiB");
}

TEST(PictureMemoryTest, LargePicturesAreRead) {
  expect_decoding(flat_png(3900), 3900 * 3900, " 3900 x 3900");
  expect_decoding(make_jpeg(8000, 8000, flat(8000, 8000, 1), {.components = 1}), 64'000'000, " 8000 x 8000");
  expect_decoding(make_jpeg(3800, 4000, flat(3800, 4000, 3), {.progressive = true, .orientation = 6}), 3800 * 4000,
                  " 4000 x 3800");
}

}  // namespace
}  // namespace posecu
#endif
