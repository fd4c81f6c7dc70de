#include "core/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "core/error.h"

namespace posecu {
namespace {

[[noreturn]] void fail(std::string_view what, const std::string& path, int error) {
  const std::string_view help =
      error == ENOSPC || error == EDQUOT ? "\n  try: free some space, or choose another folder with --out" : "";
  throw MachineError(fmt::format("{}: cannot {}: {}{}", path, what, std::strerror(error), help));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

void write_all(int descriptor, const std::string& path, std::span<const std::byte> bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::write(descriptor, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("write", path, errno);
    done += static_cast<std::size_t>(n);
  }
}

void sync_folder_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  const Descriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems cannot sync a folder: the file itself is safe then, its name as safe as they make it.
  if (descriptor.number() < 0 || (fsync(descriptor.number()) != 0 && errno != EINVAL)) fail("sync", folder, errno);
}

}  // namespace

void make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw MachineError(fmt::format("{}: cannot make the folder: {}", path, error.message()));
}

FileReader::FileReader(const std::string& path, std::uint64_t max_bytes) : path_(path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) throw InputError(path, "", "no such file");
    if (errno == EACCES) throw InputError(path, "", "no right to read it");
    fail("open", path, errno);
  }
  struct stat status {};
  if (fstat(file.number(), &status) != 0) fail("look at", path, errno);
  if (!S_ISREG(status.st_mode)) throw InputError(path, "", "expected a file, found something else (a folder?)");
  size_ = static_cast<std::uint64_t>(status.st_size);
  if (size_ > max_bytes)
    throw InputError(path, "", fmt::format("{} bytes, more than the {} that such a file may have", size_, max_bytes));
  descriptor_ = file.release();
}

FileReader::~FileReader() { close(descriptor_); }

std::size_t FileReader::read(std::span<std::byte> next) {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(next.size(), size_ - done_));
  for (std::size_t got = 0; got < wanted;) {
    const ssize_t n = ::read(descriptor_, next.data() + got, wanted - got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("read", path_, errno);
    if (n == 0) throw InputError(path_, fmt::format("byte {}", done_), "the file ended while it was being read");
    got += static_cast<std::size_t>(n);
    done_ += static_cast<std::uint64_t>(n);
  }
  return wanted;
}

std::vector<std::byte> read_file(const std::string& path, std::uint64_t max_bytes) {
  FileReader file(path, max_bytes);
  std::vector<std::byte> contents(static_cast<std::size_t>(file.size()));
  file.read(contents);
  return contents;
}

std::string read_text_file(const std::string& path, std::uint64_t max_bytes) {
  FileReader file(path, max_bytes);
  std::string contents(static_cast<std::size_t>(file.size()), '\0');
  file.read(std::as_writable_bytes(std::span(contents)));
  return contents;
}

TextSource text_source(std::string_view text) {
  return [text](std::span<std::byte> next) mutable {
    const std::string_view given = text.substr(0, next.size());
    std::ranges::copy(std::as_bytes(std::span(given)), next.begin());
    text.remove_prefix(given.size());
    return given.size();
  };
}

TextSource file_source(const std::string& path, std::uint64_t max_bytes) {
  return [file = std::make_shared<FileReader>(path, max_bytes)](std::span<std::byte> next) { return file->read(next); };
}

void write_file(const std::string& path, std::span<const std::byte> bytes) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.number() < 0) fail("write", path, errno);
  write_all(file.number(), path, bytes);
}

void sync_files(const std::string& folder) {
  const Descriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.number() < 0 || syncfs(descriptor.number()) != 0) fail("sync", folder, errno);
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), temporary_(path_ + ".part") {
  descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("write", temporary_, errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) {
    close(descriptor_);
    unlink(temporary_.c_str());
  }
}

void AtomicFile::write(std::span<const std::byte> bytes) { write_all(descriptor_, temporary_, bytes); }

void AtomicFile::commit() {
  if (fsync(descriptor_) != 0) fail("sync", temporary_, errno);
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("rename to its final name", temporary_, errno);
  const int descriptor = descriptor_;
  descriptor_ = -1;  // the file stands under its name now: nothing is left to remove
  if (close(descriptor) != 0) fail("close", path_, errno);
  sync_folder_of(path_);
}

void write_file_atomically(const std::string& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

void link_file_atomically(const std::string& path, const std::string& name) {
  const std::string temporary = name + ".part";
  unlink(temporary.c_str());  // of a process that was killed here
  if (link(path.c_str(), temporary.c_str()) != 0) {
    if (errno == ENOENT) fail("link to", path, errno);
    AtomicFile copy(name);
    copy.write(read_file(path));
    copy.commit();
    return;
  }
  if (std::rename(temporary.c_str(), name.c_str()) != 0) fail("rename to its final name", temporary, errno);
  unlink(temporary.c_str());  // still there when `name` was a link to `path` already: rename does nothing then
  sync_folder_of(name);
}

FileLock::FileLock(const std::string& path, const std::string& what) {
  descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("open", path, errno);
  if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  close(descriptor_);
  if (error != EWOULDBLOCK) fail("lock", path, error);
  throw UsageError(
      fmt::format("{} is in use by another process\n  try: another folder, or wait until it has ended", what));
}

FileLock::~FileLock() { close(descriptor_); }

}  // namespace posecu
