// `posecu predict MODEL -`: a stream of frames, against the same frames as files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/file.h"
#include "data/picture.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_network.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr int kFrames = 7;

class FramesCliTest : public testing::Test {
 protected:
  void SetUp() override {
    write_weights(file("weights.safetensors"), kTinyNetwork);
    const Picture picture = read_picture((one_picture_set() / "train/000000000785.jpg").string());
    for (int i = 0; i < kFrames; ++i) {
      Picture frame{200 + 10 * i, 150, {}};  // frames of a stream may differ in size
      for (int y = 0; y < frame.height; ++y)
        frame.pixels.insert(frame.pixels.end(), picture.row(y + 10 * i), picture.row(y + 10 * i) + frame.row_bytes());
      ppm_.push_back("P6\n# frame\n" + std::to_string(frame.width) + " 150 255\n" +
                     std::string(frame.pixels.begin(), frame.pixels.end()));
      frames_.push_back(std::move(frame));
    }
  }
  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }
  std::string stream() const {
    std::string all;
    for (const std::string& frame : ppm_) all += frame;
    return all;
  }
  ProgramResult predict(const std::string& stream, const std::string& more) {
    write_file_atomically(file("stream.ppm").string(), stream);
    return run_shell("posecu predict weights.safetensors - eval.input_size=64 eval.threshold=0 output.min_score=0 " +
                         more + " < stream.ppm",
                     folder_.path());
  }

  TemporaryFolder folder_;
  std::vector<Picture> frames_;
  std::vector<std::string> ppm_;
};

TEST_F(FramesCliTest, FindsWhatItFindsInTheSameFramesAsFiles) {
  const ProgramResult lines = predict(stream(), "--json --quiet");
  ASSERT_EQ(lines.code, 0) << lines.err;
  EXPECT_THAT(lines.err, IsEmpty());
  std::istringstream text(lines.out);
  std::string line, files;
  for (int i = 0; i < kFrames; ++i) {
    const std::string name = "frame-00000" + std::to_string(i + 1);
    write_file_atomically(file(name).string(), ppm_[static_cast<std::size_t>(i)]);
    files += " " + name;
  }
  const ProgramResult expected = run_shell(
      "posecu predict weights.safetensors eval.input_size=64 eval.threshold=0 --json --quiet" + files, folder_.path());
  EXPECT_EQ(lines.out, expected.out);
  EXPECT_THAT(expected.out, HasSubstr("\"keypoints\""));
}

TEST_F(FramesCliTest, DrawsFramesIntoAFolderOrAStream) {
  ASSERT_EQ(predict(stream(), "--out drawn --json > lines").code, 0);
  const ProgramResult piped = predict(stream(), "--out - > drawn.ppm");
  ASSERT_EQ(piped.code, 0) << piped.err;
  EXPECT_THAT(piped.err, HasSubstr("in 7 frames, "));
  std::string expected;
  for (int i = 0; i < kFrames; ++i) {
    const Picture drawn = read_picture(file("drawn/frame-00000" + std::to_string(i + 1) + ".png").string());
    EXPECT_NE(drawn.pixels, frames_[static_cast<std::size_t>(i)].pixels) << "nothing is drawn";
    expected +=
        "P6\n" + std::to_string(drawn.width) + " 150\n255\n" + std::string(drawn.pixels.begin(), drawn.pixels.end());
  }
  EXPECT_TRUE(read_text_file(file("drawn.ppm").string()) == expected);
  EXPECT_EQ(read_text_file(file("drawn/people.jsonl").string()), read_text_file(file("lines").string()));
}

TEST_F(FramesCliTest, ABadFrameIsNamedAfterAllBeforeItAreWritten) {
  struct Case {
    std::string third, message;
  };
  const std::vector<Case> cases{
      {ppm_[2].substr(0, 1000), "frame 3: the stream ends in it: expected 99000 bytes of pixels, found 977"},
      {"P6 20", "frame 3: header: the stream ends in it"},
      {"\xff\xd8\xff\xe0", "frame 3: expected a picture as binary PPM or PGM"},
      {"P6 9 9 65535 ", "frame 3: header: the largest value is 65535, only 255 is read"},
      {"P6 70000 9 255 ", "frame 3"},
      {"P6 " + std::string(5000, '#'), "frame 3: header: no end after 4096 bytes"},
  };
  for (const Case& bad : cases) {
    const ProgramResult result = predict(ppm_[0] + ppm_[1] + bad.third, "--json");
    EXPECT_EQ(result.code, 3) << bad.message;
    EXPECT_THAT(result.err, HasSubstr("standard input, " + bad.message));
    EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 2) << bad.message;
  }
  EXPECT_THAT(predict("", "--json").err, HasSubstr("there are no frames"));
}

TEST_F(FramesCliTest, SaysWhatItCannotDo) {
  EXPECT_THAT(predict(stream(), "").err, HasSubstr("where to?"));
  EXPECT_THAT(predict(stream(), "--out - --json").err, HasSubstr("both write to standard output"));
  EXPECT_THAT(predict(stream(), "stream.ppm --json").err, HasSubstr("stands alone"));
  EXPECT_EQ(predict(stream(), "--json > /dev/full").code, 4);
  EXPECT_EQ(predict(stream(), "--json | head -n 1").code, 0);
}

}  // namespace
}  // namespace posecu
