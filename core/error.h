// The three kinds of error that a user can cause or meet. Libraries throw them, `apps/main.cpp` alone prints them and
// turns them into exit codes. Any other exception is a bug of ours (exit code 1).
//
// A message has up to four parts, one a line: what failed and where; what was expected and found; what to do.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

namespace posecu {

// Wrong command line or configuration, run folder in use or not empty. Exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A file holds something other than it should. `place` says where in it: a line, a byte, a key, an annotation's id; it
// may be empty when the whole file is meant. The message reads "FILE: PLACE: problem". Exit code 3.
class InputError : public std::runtime_error {
 public:
  InputError(std::string_view file, std::string_view place, std::string_view problem);
};

// The machine cannot: no memory, no device, disk full, a system call failed. Exit code 4.
class MachineError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws std::logic_error with file and line if `condition` does not hold: for what only a bug of ours can break.
void require(bool condition, std::string_view what, std::source_location where = std::source_location::current());

}  // namespace posecu
