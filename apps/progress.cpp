#include "apps/progress.h"

#include <fmt/format.h>
#include <unistd.h>

namespace posecu {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kTerminalPause{100}, kPipePause{seconds{10}};

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
  say(chatter_, line);
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
