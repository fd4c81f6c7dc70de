// Peak memory of the program over texts made to take much of it: at most 64 MiB and five times the file. Weights have
// theirs in weights_cli_test.cpp, pictures in tests/data/picture_memory_test.cpp. A sanitizer's memory says nothing.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <gtest/gtest.h>

#include "core/file.h"
#include "tests/apps/program.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

constexpr std::size_t kMiB = 1 << 20;
constexpr std::string_view kOneKeypoint = "name = \"one\"\nkeypoints = [\"end\"]\nflip_pairs = []\nsigmas = [0.1]\n";

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
  void expect_peak(const std::vector<std::string>& words, const std::string& name, std::string_view contents,
                   int code) const {
    write_file_atomically(path(name), contents);
    const auto file_mib = static_cast<double>(contents.size()) / kMiB;
    const ProgramResult result = run_posecu(words, folder_.path());
    EXPECT_EQ(result.code, code) << name << ' ' << result.err.substr(0, 300);
    EXPECT_LE(result.peak_mib, 64 + 5 * file_mib) << name << ' ' << words[1];
  }
  void expect_annotations(const std::string& contents, int strict, int check = 3) const {
    SCOPED_TRACE(contents.substr(0, 160));
    expect_peak({"data", "stats", "a.json"}, "a.json", contents, strict);
    expect_peak({"data", "check", "a.json"}, "a.json", contents, check);
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

// The shortest people there are, all of one picture: what is kept of them is several times as long.
TEST_F(MemoryCliTest, AnnotationsOfOneKeypoint) {
  write_file_atomically(path("one.toml"), kOneKeypoint);
  std::string people = R"({"images":[{"id":1,"file_name":"a","width":9,"height":9}],"annotations":[)";
  for (int id = 0; people.size() < 8 * kMiB; ++id)
    people += R"({"id":)" + std::to_string(id) + R"(,"image_id":1,"keypoints":[1,1,1]},)";
  people.back() = ']';
  expect_peak({"data", "stats", "a.json", "data.skeleton=one.toml"}, "a.json", people + '}', 0);
}

TEST_F(MemoryCliTest, Results) {
  write_file_atomically(path("gt.json"), R"({"images":[{"id":1,"file_name":"a","width":9,"height":9}],"annotations":[
      {"id":1,"image_id":1,"category_id":1,"iscrowd":0,"area":9,"num_keypoints":1,"bbox":[0,0,3,3],
      "keypoints":[1,1,2]}],"categories":[{"id":1}]})");
  write_file_atomically(path("one.toml"), kOneKeypoint);
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

}  // namespace
}  // namespace posecu
#endif
