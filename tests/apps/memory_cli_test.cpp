// Peak memory of the program over files made to take much of it: at most 64 MiB and five times the file, for pictures
// also 4 bytes a pixel. Weights have theirs in weights_cli_test.cpp. A sanitizer's memory says nothing.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/file.h"
#include "tests/apps/program.h"
#include "tests/data/picture_maker.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using testing::HasSubstr;

constexpr std::size_t kMiB = 1 << 20;

// `piece` again and again between `before` and `after`, about `size` bytes in all.
std::string repeated(const std::string& before, const std::string& piece, const std::string& after, std::size_t size) {
  std::string text = before;
  while (text.size() < size) text += piece;
  if (text.back() == ',') text.pop_back();
  return text + after;
}

class MemoryCliTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  // Runs the program over `name`, a file of these contents, and wants its exit code and its peak.
  void expect_peak(const std::vector<std::string>& words, const std::string& name, std::string_view contents, int code,
                   std::size_t pixels = 0) const {
    if (!contents.empty()) write_file_atomically(path(name), contents);
    const auto file_mib = static_cast<double>(std::filesystem::file_size(path(name))) / kMiB;
    const ProgramResult result = run_posecu(words, folder_.path());
    EXPECT_EQ(result.code, code) << name << ' ' << result.err.substr(0, 300);
    EXPECT_LE(result.peak_mib, 64 + 5 * file_mib + 4 * static_cast<double>(pixels) / kMiB) << name << ' ' << words[1];
  }
  void expect_annotations(const std::string& contents, int strict, int check = 3) const {
    SCOPED_TRACE(contents.substr(0, 160));
    expect_peak({"data", "stats", "a.json"}, "a.json", contents, strict);
    expect_peak({"data", "check", "a.json"}, "a.json", contents, check);
  }
  // A picture and labels for it.
  void expect_picture(const FileBytes& file, std::size_t pixels, const std::string& message) const {
    std::filesystem::create_directories(folder_.path() / "pictures");
    write_file_atomically(path("labels.json"),
                          R"({"images":[{"id":1,"file_name":"a","width":9,"height":9}],"annotations":[]})");
    expect_peak({"data", "check", "labels.json", "--pictures", "pictures"}, "pictures/a",
                {reinterpret_cast<const char*>(file.data()), file.size()}, 3, pixels);
    const ProgramResult result = run_posecu({"data", "check", "labels.json", "--pictures", "pictures"}, folder_.path());
    EXPECT_THAT(result.out, HasSubstr(message));
  }
  FileBytes flat_png(int side) const {
    write_png(path("flat.png"), {side, side, std::vector<std::uint8_t>(static_cast<std::size_t>(side * side) * 3)});
    return read_file(path("flat.png"));
  }

  TemporaryFolder folder_;
};

TEST_F(MemoryCliTest, Annotations) {
  const std::string people = R"({"images":[{"id":1,"file_name":"a","width":9,"height":9}],"annotations":[)";
  const auto of = [](const std::string& before, const std::string& piece) {
    return repeated(before, piece, "]}", 8 * kMiB);
  };
  expect_annotations(of(people, "3,"), 3);
  expect_annotations(of(people, "{},"), 3);
  expect_annotations(of(people, R"({"id":1,"image_id":1,"keypoints":[]},)"), 3);
  expect_annotations(of(R"({"annotations":[],"images":[)", R"({"id":1,"file_name":"","width":1,"height":1},)"), 3);
  expect_annotations(of(R"({"images":[],"annotations":[],"categories":[)", R"({"id":1},)"), 3);
  expect_annotations(of(R"({"images":[],"annotations":[],"info":[)", "[[],1.5,{}],"), 0, 0);
  expect_annotations(repeated(R"({"images":[],"info":)", "[", "", 8 * kMiB), 3);
  expect_annotations(repeated(R"({"images":[],"annotations":[{"keypoints":[)", "1,", "]}]}", 8 * kMiB), 3);
  std::string pictures = R"({"annotations":[],"images":[)";
  for (int id = 0; pictures.size() < 8 * kMiB; ++id)
    pictures +=
        R"({"id":)" + std::to_string(id) + R"(,"file_name":")" + std::to_string(id) + R"(","width":1,"height":1},)";
  pictures.back() = ']';
  expect_annotations(pictures + '}', 0, 0);
}

TEST_F(MemoryCliTest, Results) {
  write_file_atomically(path("gt.json"), R"({"images":[{"id":1,"file_name":"a","width":9,"height":9}],"annotations":[
      {"id":1,"image_id":1,"category_id":1,"iscrowd":0,"area":9,"num_keypoints":1,"bbox":[0,0,3,3],"keypoints":[1,1,2]}],
      "categories":[{"id":1}]})");
  write_file_atomically(path("one.toml"), "name = \"one\"\nkeypoints = [\"end\"]\nflip_pairs = []\nsigmas = [0.1]\n");
  const auto expect = [&](const std::string& contents, int code) {
    SCOPED_TRACE(contents.substr(0, 100));
    expect_peak({"score", "gt.json", "r.json", "--skeleton", "one.toml"}, "r.json", contents, code);
  };
  expect(repeated("[", R"({"image_id":1,"category_id":1,"keypoints":[1,1,1],"score":1},)", "]", 8 * kMiB), 0);
  expect(repeated(R"([{"keypoints":[)", "1,", "]}]", 8 * kMiB), 3);
  expect(repeated("", "[", "", 8 * kMiB), 3);
  expect(repeated("[", R"({"image_id":7,"category_id":1,"keypoints":[1,1,1],"score":1},)", "]", 8 * kMiB), 3);
}

TEST_F(MemoryCliTest, Configurations) {
  for (const std::string piece : {"a=1\n", "[[a]]\n", "[a.b.c.d]\n", "# a comment\n", "[", "a.", "\n"}) {
    const std::string contents = repeated("", piece, "", kMiB - 16);
    expect_peak({"config", "skeleton", "a.toml"}, "a.toml", contents, 3);
    expect_peak({"config", "show", "a.toml"}, "a.toml", contents, piece == "# a comment\n" || piece == "\n" ? 0 : 2);
  }
  std::string keys;
  for (int i = 0; keys.size() < kMiB - 16; ++i) keys += 'k' + std::to_string(i) + "=1\n";
  expect_peak({"config", "show", "a.toml"}, "a.toml", keys, 2);
  const std::string list = repeated("a=[", "1,", "]", kMiB - 16), tables = repeated("a=[", "{},", "]", kMiB - 16);
  expect_peak({"config", "show", "a.toml"}, "a.toml", list, 2);
  expect_peak({"config", "show", "a.toml"}, "a.toml", tables, 2);
  expect_peak({"config", "show", "a.toml"}, "a.toml", std::string(2 * kMiB, '#'), 3);
}

TEST_F(MemoryCliTest, PictureBombsAreRefused) {
  const FileBytes small = make_png(8, 8, std::vector<std::uint8_t>(192)), flat = flat_png(5000);
  const auto with_header = [](FileBytes file, std::initializer_list<int> bytes) {  // width, height, depth, colour type
    std::size_t at = 16;
    for (const int byte : bytes) file[at++] = static_cast<std::byte>(byte);
    file[28] = static_cast<std::byte>(bytes.size() > 10 ? 1 : 0);
    repair_png_checksums(file);
    return file;
  };
  const std::size_t x5000 = std::size_t{5000} * 5000, x4000 = std::size_t{4000} * 4000;
  expect_picture(with_header(small, {0, 0, 0x36, 0xb0, 0, 0, 0x36, 0xb0}), 0, "14000 x 14000 pixels are too many");
  expect_picture(with_header(flat, {0, 0, 0, 8, 0, 0, 0, 8}), 64, "damaged: ");
  expect_picture(flat, x5000, "decoding takes 143 MiB, more than the 130 MiB for 25000000 pixels");
  expect_picture(with_header(small, {0, 0, 0xf, 0xa0, 0, 0, 0xf, 0xa0, 16, 6, 0, 0, 1}), x4000, "decoding takes 5");

  FileBytes text = small;  // a chunk of text that inflates to 75 MB, which nobody asks for
  text.insert(text.begin() + 33, flat.begin() + 33, flat.end() - 12);
  std::ranges::transform(std::string_view("zTXt"), text.begin() + 37, [](char c) { return static_cast<std::byte>(c); });
  repair_png_checksums(text);
  expect_picture(text, 64, "a has 8 x 8 pixels, the annotations say 9 x 9");

  FileBytes jpeg = make_jpeg(8, 8, std::vector<std::uint8_t>(192));
  const std::array<std::byte, 2> frame{std::byte{0xff}, std::byte{0xc0}};
  const auto at = std::search(jpeg.begin(), jpeg.end(), frame.begin(), frame.end()) + 5;
  std::fill(at, at + 4, std::byte{0xff});
  expect_picture(jpeg, 0, "Maximum supported image dimension is 65500 pixels");
  expect_picture(make_jpeg(8, 8, std::vector<std::uint8_t>(192), {.progressive = true, .extra_scans = 10}), 64,
                 "more than 100 scans");
  expect_picture(make_jpeg(5200, 4000, std::vector<std::uint8_t>(std::size_t{5200} * 4000 * 3), {.progressive = true}),
                 std::size_t{5200} * 4000, "decoding takes 119 MiB");
}

TEST_F(MemoryCliTest, LargePicturesAreRead) {
  const auto flat = [](int width, int height, std::size_t channels) {
    return std::vector<std::uint8_t>(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * channels);
  };
  expect_picture(flat_png(3900), std::size_t{3900} * 3900, "3900 x 3900 pixels, the annotations say");
  expect_picture(make_jpeg(8000, 8000, flat(8000, 8000, 1), {.components = 1}), 64'000'000, "8000 x 8000 pixels");
  expect_picture(make_jpeg(3800, 4000, flat(3800, 4000, 3), {.progressive = true, .orientation = 6}),
                 std::size_t{3800} * 4000, "4000 x 3800 pixels");
}

}  // namespace
}  // namespace posecu
#endif
