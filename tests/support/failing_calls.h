// A full or broken disk: file-system calls of this process that fail on demand. failing_calls.cpp defines open, write,
// fsync, fdatasync, rename, link, truncate and close; in a test binary that it is part of, all code takes those.
#pragma once

#include <cstdint>

namespace posecu {

// While it lives, such calls of this thread are counted from 1, and those that `how` says fail. Opening a file that
// exists for reading does not count. A `close` that fails has closed the file.
class FailingCalls {
 public:
  enum class How {
    once,        // call `nth` fails
    for_good,    // it and all after it
    half,        // of a write's bytes call `nth` takes one half; other calls succeed
    interrupted  // a write is interrupted before it took any (EINTR) once; other calls succeed
  };
  FailingCalls(std::int64_t nth, How how, int error);
  ~FailingCalls();
  FailingCalls(const FailingCalls&) = delete;
  FailingCalls& operator=(const FailingCalls&) = delete;

  std::int64_t seen() const;
};

// From now on, the process is killed (SIGKILL) at this thread's call `nth`, before the call.
void die_at_call(std::int64_t nth);

}  // namespace posecu
