// Pictures that follow each other on a stream, as binary PPM or PGM: what ffmpeg -f image2pipe -c:v ppm - writes.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "data/picture.h"

namespace posecu {

class FrameStream {
 public:
  // `file` stays open and the caller's; `name` is for messages.
  FrameStream(std::FILE* file, std::string name) : file_(file), name_(std::move(name)) {}

  // The next picture, of any size; nothing at the end. Throws InputError naming the frame when it is something else,
  // too large or cut short.
  std::optional<Picture> next();

 private:
  bool read_header();  // false at the end of the stream

  std::FILE* file_;
  std::string name_;
  std::int64_t frame_ = 0;
  std::vector<std::byte> bytes_;  // of the frame
};

}  // namespace posecu
