// Ctrl-C and friends: the first signal asks for an end after saving, a second one ends the process at once.
#pragma once

#include <csignal>

#include "apps/exit_code.h"

namespace posecu {

// While one lives, SIGINT, SIGTERM and SIGHUP (unless ignored, as nohup does) are requests. One at a time.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  bool requested() const;
  ExitCode exit_code() const;  // of a program that ends for the request

 private:
  struct sigaction before_interrupt_ {
  }, before_terminate_{}, before_hangup_{};
};

}  // namespace posecu
