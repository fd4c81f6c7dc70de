#include "apps/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace posecu {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kTerminalPause{100}, kPipePause{seconds{10}};

// What fits into one line of the terminal: of a longer one the last line alone could be rewritten.
std::string_view fitting(std::string_view line) {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || line.size() < size.ws_col) return line;
  std::size_t end = size.ws_col - 1U;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;  // no half of a UTF-8 character
  return line.substr(0, end);
}

}  // namespace

Progress::Progress(Chatter chatter) : chatter_(chatter), terminal_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (line_is_open_) say(chatter_, "\n");
}

bool Progress::due() const { return chatter_ == Chatter::normal && Clock::now() >= next_; }

void Progress::clear() {
  if (line_is_open_) say(chatter_, "\r\x1b[K");
  line_is_open_ = false;
}

void Progress::show(std::string_view line) {
  next_ = Clock::now() + (terminal_ ? kTerminalPause : kPipePause);
  if (!terminal_) return say(chatter_, fmt::format("{}\n", line));
  clear();
  say(chatter_, fitting(line));
  line_is_open_ = true;
}

void Progress::message(std::string_view line) {
  clear();
  say(chatter_, fmt::format("{}\n", line));
}

std::string format_duration(double seconds) {
  const auto whole = static_cast<long long>(seconds + 0.5);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace posecu
