// TensorBoard's files: bytes against its own writer, and read by its own reader where that is installed.
#include "training/tensorboard.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <sstream>

#include "core/file.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using testing::ElementsAre;

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

// RFC 3720, B.4, and the polynomial's usual check value.
TEST(TensorBoardTest, HasThePublishedChecksums) {
  std::string rising, falling;
  for (char c = 0; c < 32; ++c) rising += c, falling.insert(falling.begin(), c);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43U);
  EXPECT_EQ(crc32c(rising), 0x46DD794EU);
  EXPECT_EQ(crc32c(falling), 0x113FDB5CU);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
}

// Made with TensorBoard 2.21's RecordWriter and protocol buffers.
TEST(TensorBoardTest, WritesTheBytesOfItsOwnWriter) {
  EXPECT_EQ(hex(first_event_record(1.5)),
            "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c");
  EXPECT_EQ(
      hex(event_record(1.5, 300, std::vector<Scalar>{{"a", 0.5}, {"loss/pull", -2}})),
      "2a00000000000000ae8d91f509000000000000f83f10ac022a1c0a080a0161150000003f0a100a096c6f73732f70756c6c15000000c0"
      "da32b0b5");
}

class EventFileTest : public testing::Test {
 protected:
  std::string folder() const { return temporary_.path().string(); }
  std::string path() const { return folder() + '/' + EventFile::kName; }
  void append(EventFile& file, std::int64_t step) const {
    const std::vector<Scalar> scalars{{"loss/sum", 0.25 * static_cast<double>(step)}};
    file.append(step, scalars);
  }
  void write_five() const {
    EventFile file(folder(), 0);
    for (std::int64_t step = 1; step <= 5; ++step) append(file, step);
  }
  TemporaryFolder temporary_;
};

TEST_F(EventFileTest, KeepsTheRecordsThatAreAskedFor) {
  write_five();
  const std::string whole = read_text_file(path());
  EXPECT_EQ(EventFile(folder(), 9).kept(), 5);
  EXPECT_EQ(read_text_file(path()), whole);
  EventFile file(folder(), 3);
  EXPECT_EQ(file.kept(), 3);
  EXPECT_TRUE(whole.starts_with(read_text_file(path())));
  EXPECT_LT(read_text_file(path()).size(), whole.size());
}

TEST_F(EventFileTest, CutsWhatIsDamagedOrNotWhole) {
  write_five();
  const std::string whole = read_text_file(path());
  const std::size_t record = (whole.size() - first_event_record(1).size()) / 5, last = whole.size() - record;
  for (const std::size_t place :
       {last, last + 8, last + 12, whole.size() - 1}) {  // length, its sum, the event, its sum
    std::string damaged = whole;
    damaged[place] = static_cast<char>(damaged[place] ^ 1);
    write_file_atomically(path(), damaged);
    EXPECT_EQ(EventFile(folder(), 5).kept(), 4) << place;
    EXPECT_EQ(read_text_file(path()), whole.substr(0, last)) << place;
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write_file_atomically(path(), whole.substr(0, size));
    const EventFile file(folder(), 5);
    EXPECT_LT(file.kept(), 5) << size;
    EXPECT_GE(read_text_file(path()).size(), first_event_record(1).size()) << size;  // without one it makes a new one
  }
}

// Whatever is in $POSECU_PYTHON, python3 otherwise.
std::string python() {
  const char* const named = std::getenv("POSECU_PYTHON");
  return named != nullptr ? named : "python3";
}

std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  char buffer[4096];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  return pclose(pipe) == 0 ? text : "";
}

TEST_F(EventFileTest, IsReadByTensorBoard) {
  if (output_of(python() + " -c 'import tensorboard; print(1)' 2>/dev/null").empty())
    GTEST_SKIP() << "no tensorboard in " << python() << "; POSECU_PYTHON names another Python";
  {
    EventFile file(folder(), 0);
    file.append(1, std::vector<Scalar>{{"loss/sum", 0.5}, {"evaluation/AP", 0.25}});
    file.append(1'000'000'000'000, std::vector<Scalar>{{"loss/sum", std::numeric_limits<double>::quiet_NaN()}});
  }
  constexpr const char* kReader =
      "import sys\n"
      "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator\n"
      "events = EventAccumulator(sys.argv[1], purge_orphaned_data=False)\n"
      "events.Reload()\n"
      "for tag in sorted(events.Tags()[\"scalars\"]):\n"
      "  for event in events.Scalars(tag): print(tag, event.step, event.value, event.wall_time > 1.7e9)\n";
  write_file_atomically(folder() + "/read.py", kReader);
  std::istringstream output(output_of(fmt::format("{0} '{1}/read.py' '{1}' 2>/dev/null", python(), folder())));
  std::vector<std::string> lines;
  for (std::string line; std::getline(output, line);) lines.push_back(line);
  EXPECT_THAT(lines,
              ElementsAre("evaluation/AP 1 0.25 True", "loss/sum 1 0.5 True", "loss/sum 1000000000000 nan True"));
}

}  // namespace
}  // namespace posecu
