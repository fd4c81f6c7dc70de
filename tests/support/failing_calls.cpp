#include "tests/support/failing_calls.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>

namespace posecu {
namespace {

enum class Act { none, fail, half, interrupted, die };
struct Plan {
  std::int64_t nth = 0, seen = 0;
  Act act = Act::none;
  bool for_good = false;
  int error = 0;
};
thread_local Plan plan;

// What the call that is being made shall do.
Act next_act() {
  if (plan.act == Act::none) return Act::none;
  ++plan.seen;
  if (plan.seen != plan.nth && !(plan.for_good && plan.seen > plan.nth)) return Act::none;
  if (plan.act == Act::die) raise(SIGKILL);
  return plan.act;
}

bool fails() {
  if (next_act() != Act::fail) return false;
  errno = plan.error;
  return true;
}

template <class Call>
Call* original(const char* name) {
  return reinterpret_cast<Call*>(dlsym(RTLD_NEXT, name));
}

int open_original(const char* name, const char* path, int flags, mode_t mode) {
  const bool writes = (flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0;
  if (writes && fails()) return -1;
  return original<int(const char*, int, mode_t)>(name)(path, flags, mode);
}

Act act_of(FailingCalls::How how) {
  switch (how) {
    case FailingCalls::How::half:
      return Act::half;
    case FailingCalls::How::interrupted:
      return Act::interrupted;
    default:
      return Act::fail;
  }
}

}  // namespace

FailingCalls::FailingCalls(std::int64_t nth, How how, int error) {
  plan = {.nth = nth, .seen = 0, .act = act_of(how), .for_good = how == How::for_good, .error = error};
}

FailingCalls::~FailingCalls() { plan = {}; }

std::int64_t FailingCalls::seen() const { return plan.seen; }

void die_at_call(std::int64_t nth) { plan = {.nth = nth, .seen = 0, .act = Act::die, .for_good = false, .error = 0}; }

}  // namespace posecu

// Declared without the C library's attributes here.
extern "C" {

int open(const char* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return posecu::open_original("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return posecu::open_original("open64", path, flags, mode);
}

ssize_t write(int file, const void* bytes, size_t count) {
  using posecu::Act;
  const Act act = posecu::next_act();
  if (act == Act::fail || act == Act::interrupted) {
    errno = act == Act::fail ? posecu::plan.error : EINTR;
    return -1;
  }
  return posecu::original<ssize_t(int, const void*, size_t)>("write")(file, bytes,
                                                                      act == Act::half ? (count + 1) / 2 : count);
}

int fsync(int file) { return posecu::fails() ? -1 : posecu::original<int(int)>("fsync")(file); }

int fdatasync(int file) { return posecu::fails() ? -1 : posecu::original<int(int)>("fdatasync")(file); }

int rename(const char* from, const char* to) noexcept {
  return posecu::fails() ? -1 : posecu::original<int(const char*, const char*)>("rename")(from, to);
}

int link(const char* from, const char* to) noexcept {
  return posecu::fails() ? -1 : posecu::original<int(const char*, const char*)>("link")(from, to);
}

int truncate(const char* path, off_t size) noexcept {
  return posecu::fails() ? -1 : posecu::original<int(const char*, off_t)>("truncate")(path, size);
}

int close(int file) {
  const bool fail = posecu::fails();
  const int error = errno;
  const int result = posecu::original<int(int)>("close")(file);
  if (!fail) return result;
  errno = error;
  return -1;
}
}
