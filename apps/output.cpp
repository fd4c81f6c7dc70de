#include "apps/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "core/error.h"

namespace posecu {
namespace {

void check(bool done) {
  if (done) return;
  if (errno == EPIPE) throw OutputClosed();
  throw MachineError(fmt::format("standard output: {}", std::strerror(errno)));
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

void print(std::string_view text) { check(std::fwrite(text.data(), 1, text.size(), stdout) == text.size()); }

void flush_output() { check(std::fflush(stdout) == 0); }

void say(Chatter chatter, std::string_view text) {
  if (chatter == Chatter::normal) std::fwrite(text.data(), 1, text.size(), stderr);
}

bool wants_color(std::FILE* stream) {
  const char* terminal = std::getenv("TERM");
  return isatty(fileno(stream)) != 0 && !is_set("NO_COLOR") && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

}  // namespace posecu
