#include "apps/interrupt.h"

#include <unistd.h>

namespace posecu {
namespace {

// A handler can reach nothing but static memory.
volatile std::sig_atomic_t first_signal = 0;

ExitCode code_of(int signal) { return signal == SIGINT ? kInterrupted : kTerminated; }

void on_signal(int signal) {
  if (first_signal != 0) _exit(code_of(signal));
  first_signal = signal;
}

void install(int signal, struct sigaction& before) {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(signal, nullptr, &before);
  if (before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
}

}  // namespace

Interrupts::Interrupts() {
  first_signal = 0;
  install(SIGINT, before_interrupt_);
  install(SIGTERM, before_terminate_);
  install(SIGHUP, before_hangup_);
}

Interrupts::~Interrupts() {
  sigaction(SIGINT, &before_interrupt_, nullptr);
  sigaction(SIGTERM, &before_terminate_, nullptr);
  sigaction(SIGHUP, &before_hangup_, nullptr);
}

bool Interrupts::requested() const { return first_signal != 0; }

ExitCode Interrupts::exit_code() const { return code_of(first_signal); }

}  // namespace posecu
