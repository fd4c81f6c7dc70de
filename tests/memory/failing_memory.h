// Memory that runs out: malloc and its relatives fail on demand in a test binary that failing_memory.cpp is part of.
#pragma once

#include <cstdint>

namespace posecu {

// While it lives, requests for memory by any thread are counted from 1; request `nth` fails and, if it lasts, all after
// it.
class FailingMemory {
 public:
  enum class Lasts { once, for_good };
  FailingMemory(std::int64_t nth, Lasts lasts);
  ~FailingMemory();
  FailingMemory(const FailingMemory&) = delete;
  FailingMemory& operator=(const FailingMemory&) = delete;

  std::int64_t seen() const;
};

}  // namespace posecu
