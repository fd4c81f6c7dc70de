// Picture files in and out: JPEG (libjpeg-turbo), PNG and BMP (stb_image), PPM and PGM.
//
// Pixels are those that OpenCV's imread gives, as RGB: the EXIF orientation of JPEG and PNG is applied; grey becomes
// RGB; of 16-bit samples the high byte stays; alpha is dropped; CMYK and YCCK become RGB by c' = k - (255 - c) * k /
// 256. Size, depth and type are checked from the header before memory is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace posecu {

struct Picture {
  static constexpr int channels = 3;

  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;  // [height,width,3] RGB

  std::size_t row_bytes() const { return static_cast<std::size_t>(width) * channels; }
  std::uint8_t* row(int y) { return pixels.data() + static_cast<std::size_t>(y) * row_bytes(); }
  const std::uint8_t* row(int y) const { return pixels.data() + static_cast<std::size_t>(y) * row_bytes(); }
};

// What happens to a JPEG whose compressed data are cut short or damaged.
enum class DamagedPicture {
  refuse,  // InputError
  fill     // the rest is grey, as OpenCV's reader does
};

inline constexpr std::int64_t kMaxPicturePixels = 64'000'000;
inline constexpr int kMaxPictureSide = 16384;

// Throws InputError with the file's name and the place in it: not a picture, too large, cut short, damaged.
Picture read_picture(const std::string& path, DamagedPicture damaged = DamagedPicture::refuse);
Picture decode_picture(std::span<const std::byte> bytes, const std::string& name,
                       DamagedPicture damaged = DamagedPicture::refuse);

// Both write atomically (core/file.h). `quality` is libjpeg's, 1 to 100.
void write_png(const std::string& path, const Picture& picture);
void write_jpeg(const std::string& path, const Picture& picture, int quality = 92);

// A mask of one byte a pixel as a grey PNG.
void write_grey_png(const std::string& path, int width, int height, std::span<const std::uint8_t> pixels);

// Applies an EXIF orientation, 1 to 8; any other value leaves the picture as it is.
Picture oriented(Picture picture, int orientation);

}  // namespace posecu
