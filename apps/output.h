// The two streams of the program: results on standard output, everything else on standard error.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string_view>

namespace posecu {

// Whoever read our standard output has gone: the program ends quietly.
class OutputClosed : public std::runtime_error {
 public:
  OutputClosed() : std::runtime_error("standard output is closed") {}
};

// A result. Throws OutputClosed, or MachineError when the disk behind standard output is full.
void print(std::string_view text);
void flush_output();

// A message. `quiet` drops it; a closed standard error is no reason to stop.
enum class Chatter { normal, quiet };
void say(Chatter chatter, std::string_view text);

// A terminal that wants colour (https://no-color.org).
bool wants_color(std::FILE* stream);

}  // namespace posecu
