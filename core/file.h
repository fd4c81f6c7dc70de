// Files: read whole, written so that a crash or a full disk leaves the old one, locked against a second process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posecu {

// The whole file. Throws InputError when it does not exist, is no regular file or has more than `max_bytes`, and
// MachineError when reading fails.
std::vector<std::byte> read_file(const std::string& path, std::uint64_t max_bytes = std::uint64_t{1} << 40);
std::string read_text_file(const std::string& path, std::uint64_t max_bytes = std::uint64_t{1} << 32);

// A file that is read from its beginning to its end. Same errors.
class FileReader {
 public:
  explicit FileReader(const std::string& path, std::uint64_t max_bytes = std::uint64_t{1} << 32);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  std::uint64_t size() const { return size_; }
  std::size_t read(std::span<std::byte> next);  // how many bytes came: fewer only at the end of the file

 private:
  std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0, done_ = 0;
};

// Gives the next bytes of a text, from its beginning; fewer than there is room for only at its end.
using TextSource = std::function<std::size_t(std::span<std::byte> next)>;
TextSource text_source(std::string_view text);  // must outlive it
TextSource file_source(const std::string& path, std::uint64_t max_bytes = 4'000'000'000);

// Makes the folder and those above it where they are missing. Throws MachineError.
void make_folder(const std::string& path);

// A file that appears under its name only when commit() has written and synced all of it: it is made beside its target
// as "NAME.part", renamed over it, and the folder is synced. Without commit(), the destructor removes it.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // Throws MachineError: disk full, quota, I/O error, no right to write.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  void commit();

 private:
  std::string path_, temporary_;
  int descriptor_ = -1;
};

void write_file_atomically(const std::string& path, std::string_view text);

// For many files that mean nothing until another one, written atomically after sync_files, speaks of them: written in
// place and not synced. Both throw MachineError.
void write_file(const std::string& path, std::span<const std::byte> bytes);
void sync_files(const std::string& folder);  // of the file system that holds the folder

// Gives the file `path` a second name, replacing what `name` was before in one step: a hard link, which copies no
// bytes, or a copy where the file system has no links.
void link_file_atomically(const std::string& path, const std::string& name);

// An exclusive lock on a file, held until destruction or the process's end, however it ends (flock).
class FileLock {
 public:
  // Creates the file if needed. Throws UsageError saying that `what` is in use when another process holds the lock.
  FileLock(const std::string& path, const std::string& what);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace posecu
