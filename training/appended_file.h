// A file that grows at its end, by whole pieces: a log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace posecu {

class AppendedFile {
 public:
  // Opens the file, or makes it, and cuts it to `bytes` where it is longer. MachineError when that fails, as below.
  AppendedFile(std::string path, std::uint64_t bytes);
  ~AppendedFile();
  AppendedFile(const AppendedFile&) = delete;
  AppendedFile& operator=(const AppendedFile&) = delete;

  void append(std::string_view bytes);
  void sync();  // what was appended survives a power cut

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace posecu
