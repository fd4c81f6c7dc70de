#include "data/frame_stream.h"

#include <fmt/format.h>

#include "core/error.h"
#include "data/picture_formats.h"

namespace posecu {
namespace {

constexpr std::size_t kMaxHeader = 4096;  // comments included

bool is_blank(int c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

std::optional<Picture> FrameStream::next() {
  ++frame_;
  const std::string name = fmt::format("{}, frame {}", name_, frame_);
  bytes_.clear();
  if (!read_header()) return std::nullopt;
  const std::size_t header = bytes_.size(), samples = netpbm_layout(bytes_, name).samples;
  bytes_.resize(header + samples);
  const std::size_t found = std::fread(bytes_.data() + header, 1, samples, file_);
  if (found < samples)
    throw InputError(name, "",
                     fmt::format("the stream ends in it: expected {} bytes of pixels, found {}", samples, found));
  return decode_netpbm(bytes_, name).picture;
}

// "P6", then three numbers with blanks and comments between them, then one blank.
bool FrameStream::read_header() {
  const std::string name = fmt::format("{}, frame {}", name_, frame_);
  int numbers = 0;
  bool comment = false, digits = false;
  for (int c = std::getc(file_); c != EOF; c = std::getc(file_)) {
    bytes_.push_back(static_cast<std::byte>(c));
    if (bytes_.size() <= 2) {
      if (bytes_[0] != std::byte{'P'} || (bytes_.size() == 2 && c != '5' && c != '6'))
        throw InputError(name, "",
                         "expected a picture as binary PPM or PGM\n  try: ffmpeg ... -f image2pipe -c:v ppm -");
      continue;
    }
    if (bytes_.size() > kMaxHeader) throw InputError(name, "header", "no end after 4096 bytes");
    const bool ends_number = digits && is_blank(c);
    if (ends_number && ++numbers == 3) return true;
    digits = !comment && c >= '0' && c <= '9';
    comment = comment ? c != '\n' : c == '#';
  }
  if (std::ferror(file_) != 0) throw MachineError(fmt::format("{}: cannot be read", name));
  if (bytes_.empty()) return false;
  throw InputError(name, "header", "the stream ends in it");
}

}  // namespace posecu
