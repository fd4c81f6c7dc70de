// The decoders behind data/picture.h, one a file format. Each checks the header before it takes memory, leaves the
// orientation to the caller, and throws InputError with `name` and the place in the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/picture.h"

namespace posecu {

using Bytes = std::span<const std::byte>;

struct DecodedPicture {
  Picture picture;
  int orientation = 1;  // EXIF's
};

DecodedPicture decode_jpeg(Bytes bytes, const std::string& name, DamagedPicture damaged);
DecodedPicture decode_png(Bytes bytes, const std::string& name);
DecodedPicture decode_bmp(Bytes bytes, const std::string& name);
DecodedPicture decode_netpbm(Bytes bytes, const std::string& name);  // P5 and P6, up to 8 bits

// Where a PPM's or PGM's samples are, from its header.
struct NetpbmLayout {
  int width, height, channels;
  std::size_t header, samples;  // bytes
};
NetpbmLayout netpbm_layout(Bytes bytes, const std::string& name);

std::vector<std::uint8_t> encode_jpeg(const Picture& picture, int quality);

// `channels` is 1 or 3.
std::vector<std::uint8_t> encode_png(int width, int height, int channels, std::span<const std::uint8_t> pixels);

// Throws InputError when a picture of this size is not to be read (kMaxPicturePixels, kMaxPictureSide).
void check_picture_size(const std::string& name, std::int64_t width, std::int64_t height);

// Throws InputError when decoding takes more memory at once than 4 bytes a pixel, 4 times the file and 32 MiB: with the
// file itself and the program, 64 MiB + 5 times the file. Only pictures of many pixels and few bytes meet it.
void check_decoding_memory(const std::string& name, std::uint64_t needed_bytes, std::uint64_t pixels,
                           std::uint64_t file_bytes);

}  // namespace posecu
