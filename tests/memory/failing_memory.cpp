#include "tests/memory/failing_memory.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <new>

namespace posecu {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
std::atomic<std::int64_t> first_failure{kNever}, last_failure{kNever}, requests{0};

bool fails() {
  if (first_failure.load(std::memory_order_relaxed) == kNever) return false;
  const std::int64_t number = ++requests;
  return number >= first_failure && number <= last_failure;
}

}  // namespace

FailingMemory::FailingMemory(std::int64_t nth, Lasts lasts) {
  requests = 0;
  last_failure = lasts == Lasts::once ? nth : kNever - 1;
  first_failure = nth;
}

FailingMemory::~FailingMemory() { first_failure = kNever; }

std::int64_t FailingMemory::seen() const { return requests; }

}  // namespace posecu

#ifdef POSECU_SANITIZED

// A sanitizer has malloc for itself: here the language's own requests fail. All forms are here, so that none is given
// by the sanitizer and taken back here.
namespace {
void* taken(std::size_t size) { return posecu::fails() ? nullptr : std::malloc(size > 0 ? size : 1); }
void* taken_or_thrown(std::size_t size) {
  void* place = taken(size);
  if (place == nullptr) throw std::bad_alloc();
  return place;
}
}  // namespace

void* operator new(std::size_t size) { return taken_or_thrown(size); }
void* operator new[](std::size_t size) { return taken_or_thrown(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return taken(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return taken(size); }
void operator delete(void* place) noexcept { std::free(place); }
void operator delete[](void* place) noexcept { std::free(place); }
void operator delete(void* place, std::size_t) noexcept { std::free(place); }
void operator delete[](void* place, std::size_t) noexcept { std::free(place); }
void operator delete(void* place, const std::nothrow_t&) noexcept { std::free(place); }
void operator delete[](void* place, const std::nothrow_t&) noexcept { std::free(place); }

#else

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* place, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

static void* none() {
  errno = ENOMEM;
  return nullptr;
}
void* malloc(std::size_t size) { return posecu::fails() ? none() : __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) { return posecu::fails() ? none() : __libc_calloc(count, size); }
void* realloc(void* place, std::size_t size) { return posecu::fails() ? none() : __libc_realloc(place, size); }
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return posecu::fails() ? none() : __libc_memalign(alignment, size);
}
int posix_memalign(void** place, std::size_t alignment, std::size_t size) {
  *place = posecu::fails() ? nullptr : __libc_memalign(alignment, size);
  return *place == nullptr ? ENOMEM : 0;
}
}

#endif
