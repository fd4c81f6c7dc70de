#include "data/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "data/picture_formats.h"

namespace posecu {
namespace {

constexpr std::uint64_t kMostFileBytes = 1'000'000'000;

bool begins_with(Bytes bytes, std::string_view mark) {
  return bytes.size() >= mark.size() && std::equal(mark.begin(), mark.end(), bytes.begin(),
                                                   [](char a, std::byte b) { return static_cast<std::byte>(a) == b; });
}

DecodedPicture decode_any(Bytes bytes, const std::string& name, DamagedPicture damaged) {
  if (begins_with(bytes, "\xff\xd8\xff")) return decode_jpeg(bytes, name, damaged);
  if (begins_with(bytes, "\x89PNG\r\n\x1a\n")) return decode_png(bytes, name);
  if (begins_with(bytes, "BM")) return decode_bmp(bytes, name);
  if (begins_with(bytes, "P5") || begins_with(bytes, "P6")) return decode_netpbm(bytes, name);
  throw InputError(name, "byte 0", "not a picture of a known type: expected JPEG, PNG, BMP, PPM or PGM");
}

void write_bytes(const std::string& path, std::span<const std::uint8_t> bytes) {
  AtomicFile file(path);
  file.write(std::as_bytes(bytes));
  file.commit();
}

// out(x, y) = in(at(x, y)) for every pixel of a picture of the given size.
template <class At>
Picture rearranged(const Picture& in, int width, int height, At at) {
  Picture out{width, height, std::vector<std::uint8_t>(in.pixels.size())};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const auto [from_x, from_y] = at(x, y);
      std::copy_n(in.row(from_y) + 3 * from_x, 3, out.row(y) + 3 * x);
    }
  return out;
}

}  // namespace

void check_picture_size(const std::string& name, std::int64_t width, std::int64_t height) {
  if (width <= 0 || height <= 0)
    throw InputError(name, "header", fmt::format("a picture of {} x {} pixels", width, height));
  if (width > kMaxPictureSide || height > kMaxPictureSide || width * height > kMaxPicturePixels)
    throw InputError(name, "header",
                     fmt::format("{} x {} pixels are too many: at most {} in all and {} a side are read", width, height,
                                 kMaxPicturePixels, kMaxPictureSide));
}

void check_decoding_memory(const std::string& name, std::uint64_t needed_bytes, std::uint64_t pixels,
                           std::uint64_t file_bytes) {
  constexpr std::uint64_t kMiB = 1 << 20, kBase = 32 * kMiB;
  const std::uint64_t most = kBase + 4 * pixels + 4 * file_bytes;
  if (needed_bytes > most)
    throw InputError(name, "header",
                     fmt::format("decoding takes {} MiB, more than the {} MiB for {} pixels from a file of {} bytes",
                                 needed_bytes / kMiB, most / kMiB, pixels, file_bytes));
}

Picture oriented(Picture picture, int orientation) {
  using At = std::pair<int, int>;
  const int w = picture.width, h = picture.height;
  switch (orientation) {
    case 2:
      return rearranged(picture, w, h, [=](int x, int y) { return At{w - 1 - x, y}; });
    case 3:
      return rearranged(picture, w, h, [=](int x, int y) { return At{w - 1 - x, h - 1 - y}; });
    case 4:
      return rearranged(picture, w, h, [=](int x, int y) { return At{x, h - 1 - y}; });
    case 5:
      return rearranged(picture, h, w, [=](int x, int y) { return At{y, x}; });
    case 6:
      return rearranged(picture, h, w, [=](int x, int y) { return At{y, h - 1 - x}; });
    case 7:
      return rearranged(picture, h, w, [=](int x, int y) { return At{w - 1 - y, h - 1 - x}; });
    case 8:
      return rearranged(picture, h, w, [=](int x, int y) { return At{w - 1 - y, x}; });
    default:
      return picture;
  }
}

Picture decode_picture(std::span<const std::byte> bytes, const std::string& name, DamagedPicture damaged) {
  DecodedPicture decoded = decode_any(bytes, name, damaged);
  return oriented(std::move(decoded.picture), decoded.orientation);
}

Picture read_picture(const std::string& path, DamagedPicture damaged) {
  return decode_picture(read_file(path, kMostFileBytes), path, damaged);
}

void write_png(const std::string& path, const Picture& picture) {
  write_bytes(path, encode_png(picture.width, picture.height, Picture::channels, picture.pixels));
}

void write_jpeg(const std::string& path, const Picture& picture, int quality) {
  write_bytes(path, encode_jpeg(picture, quality));
}

void write_grey_png(const std::string& path, int width, int height, std::span<const std::uint8_t> pixels) {
  write_bytes(path, encode_png(width, height, 1, pixels));
}

}  // namespace posecu
