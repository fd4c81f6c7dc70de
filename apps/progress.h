// How far a long piece of work has come: one line on a terminal, rewritten in place; in a pipe or a file plain lines
// every so often.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "apps/output.h"

namespace posecu {

class Progress {
 public:
  explicit Progress(Chatter chatter);
  ~Progress();  // leaves the cursor on a fresh line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Whether a new line is due: ask before formatting one.
  bool due() const;
  void show(std::string_view line);  // cut to the terminal's width

  // A line that stays.
  void message(std::string_view line);

  // Takes the line away, before something else is printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  Chatter chatter_;
  bool terminal_, line_is_open_ = false;
  Clock::time_point next_{};
};

std::string format_duration(double seconds);  // "59 s", "12:30", "3:04:05"

}  // namespace posecu
