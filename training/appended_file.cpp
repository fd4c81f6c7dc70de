#include "training/appended_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace posecu {
namespace {

[[noreturn]] void fail(std::string_view what, const std::string& path) {
  throw MachineError(fmt::format("{}: cannot {}: {}", path, what, std::strerror(errno)));
}

}  // namespace

AppendedFile::AppendedFile(std::string path, std::uint64_t bytes) : path_(std::move(path)) {
  struct stat status {};
  if (stat(path_.c_str(), &status) == 0 && static_cast<std::uint64_t>(status.st_size) > bytes &&
      truncate(path_.c_str(), static_cast<off_t>(bytes)) != 0)
    fail("shorten", path_);
  descriptor_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("open", path_);
}

AppendedFile::~AppendedFile() { close(descriptor_); }

void AppendedFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(descriptor_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("write", path_);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void AppendedFile::sync() {
  if (fdatasync(descriptor_) != 0) fail("sync", path_);
}

}  // namespace posecu
