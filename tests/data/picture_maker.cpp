#include "tests/data/picture_maker.h"

#include <cstdio>  // jpeglib.h needs FILE

// clang-format off
#include <jpeglib.h>
// clang-format on

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace posecu {
namespace {

void append(FileBytes& file, std::string_view text) {
  for (const char c : text) file.push_back(static_cast<std::byte>(c));
}

void append_number(FileBytes& file, std::uint32_t value, std::size_t bytes, bool big_endian) {
  for (std::size_t i = 0; i < bytes; ++i)
    file.push_back(static_cast<std::byte>(value >> 8 * (big_endian ? bytes - 1 - i : i)));
}

std::uint32_t crc32(const std::byte* data, std::size_t n) {
  std::uint32_t crc = 0xffffffffu;
  for (std::size_t i = 0; i < n; ++i) {
    crc ^= std::to_integer<std::uint32_t>(data[i]);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

void append_chunk(FileBytes& file, std::string_view type, const FileBytes& data) {
  append_number(file, static_cast<std::uint32_t>(data.size()), 4, true);
  const std::size_t begin = file.size();
  append(file, type);
  file.insert(file.end(), data.begin(), data.end());
  append_number(file, crc32(file.data() + begin, file.size() - begin), 4, true);
}

// zlib's format with stored blocks only.
FileBytes stored(const FileBytes& raw) {
  FileBytes result;
  append(result, "\x78\x01");
  constexpr std::size_t kBlock = 65535;
  for (std::size_t at = 0; at == 0 || at < raw.size(); at += kBlock) {
    const std::size_t n = std::min(kBlock, raw.size() - at);
    result.push_back(static_cast<std::byte>(at + n == raw.size()));
    append_number(result, static_cast<std::uint32_t>(n), 2, false);
    append_number(result, static_cast<std::uint32_t>(~n & 0xffff), 2, false);
    result.insert(result.end(), raw.begin() + static_cast<std::ptrdiff_t>(at),
                  raw.begin() + static_cast<std::ptrdiff_t>(at + n));
  }
  std::uint32_t a = 1, b = 0;
  for (const std::byte byte : raw) a = (a + std::to_integer<std::uint32_t>(byte)) % 65521, b = (b + a) % 65521;
  append_number(result, b << 16 | a, 4, true);
  return result;
}

// The scans of a progressive file: DC, then AC a component, then refinements of nothing at all.
std::vector<jpeg_scan_info> scans(const JpegKind& kind) {
  std::vector<jpeg_scan_info> list;
  jpeg_scan_info dc{};
  dc.comps_in_scan = kind.components;
  for (int i = 0; i < kind.components; ++i) dc.component_index[i] = i;
  dc.Ah = 0, dc.Al = kind.extra_scans > 0 ? std::min(kind.extra_scans, 10) : 0;
  list.push_back(dc);
  for (int al = dc.Al; al > 0; --al) {
    jpeg_scan_info refine = dc;
    refine.Ah = al, refine.Al = al - 1;
    list.push_back(refine);
  }
  for (int component = 0; component < kind.components; ++component)
    for (int coefficient = 1; coefficient < 64; ++coefficient) {
      jpeg_scan_info ac{};
      ac.comps_in_scan = 1;
      ac.component_index[0] = component;
      ac.Ss = coefficient;
      ac.Se = kind.extra_scans > 0 ? coefficient : 63;
      list.push_back(ac);
      if (kind.extra_scans == 0) break;
    }
  return list;
}

}  // namespace

FileBytes make_exif(int orientation, bool big_endian) {
  FileBytes exif;
  append(exif, big_endian ? "MM" : "II");
  append_number(exif, 42, 2, big_endian);
  append_number(exif, 8, 4, big_endian);
  append_number(exif, 2, 2, big_endian);
  for (const auto& [tag, value] : {std::pair<std::uint32_t, int>{0x0100, 77}, {0x0112, orientation}}) {
    append_number(exif, tag, 2, big_endian);
    append_number(exif, 3, 2, big_endian);
    append_number(exif, 1, 4, big_endian);
    append_number(exif, static_cast<std::uint32_t>(value), 2, big_endian);
    append_number(exif, 0, 2, big_endian);
  }
  append_number(exif, 0, 4, big_endian);
  return exif;
}

FileBytes make_jpeg(int width, int height, const std::vector<std::uint8_t>& samples, const JpegKind& kind) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = kind.components;
  info.in_color_space = kind.components == 1 ? JCS_GRAYSCALE : kind.components == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  info.restart_interval = static_cast<unsigned>(kind.restart_interval);
  const std::vector<jpeg_scan_info> script = scans(kind);
  if (kind.progressive) info.scan_info = script.data(), info.num_scans = static_cast<int>(script.size());
  jpeg_start_compress(&info, TRUE);
  if (kind.orientation != 0) {
    FileBytes marker;
    append(marker, std::string_view("Exif\0\0", 6));
    const FileBytes exif = make_exif(kind.orientation, kind.orientation % 2 == 0);
    marker.insert(marker.end(), exif.begin(), exif.end());
    jpeg_write_marker(&info, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(marker.data()),
                      static_cast<unsigned>(marker.size()));
  }
  while (info.next_scanline < info.image_height) {
    auto* row = const_cast<JSAMPROW>(samples.data() + static_cast<std::size_t>(info.next_scanline) *
                                                          static_cast<std::size_t>(width * kind.components));
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const auto* begin = reinterpret_cast<const std::byte*>(buffer);
  FileBytes file(begin, begin + size);
  std::free(buffer);
  return file;
}

FileBytes make_png(int width, int height, const std::vector<std::uint8_t>& rows, const PngKind& kind) {
  FileBytes file, header, raw, palette;
  append(file, std::string_view("\x89PNG\r\n\x1a\n", 8));
  append_number(header, static_cast<std::uint32_t>(width), 4, true);
  append_number(header, static_cast<std::uint32_t>(height), 4, true);
  header.push_back(static_cast<std::byte>(kind.depth));
  header.push_back(static_cast<std::byte>(kind.colour_type));
  append_number(header, 0, 3, true);
  append_chunk(file, "IHDR", header);
  if (kind.orientation != 0) append_chunk(file, "eXIf", make_exif(kind.orientation, kind.orientation % 2 == 1));
  for (std::uint32_t i = 0; i < 256; ++i)
    for (const std::uint32_t factor : {3u, 5u, 7u}) palette.push_back(static_cast<std::byte>(i * factor));
  palette.resize(std::min<std::size_t>(palette.size(), std::size_t{3} << kind.depth));
  if (kind.colour_type == 3) append_chunk(file, "PLTE", palette);
  const std::size_t row_bytes = rows.size() / static_cast<std::size_t>(height);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i % row_bytes == 0) raw.push_back(std::byte{0});  // no filter
    raw.push_back(static_cast<std::byte>(rows[i]));
  }
  append_chunk(file, "IDAT", stored(raw));
  append_chunk(file, "IEND", {});
  return file;
}

void repair_png_checksums(FileBytes& file) {
  for (std::size_t at = 8; at + 12 <= file.size();) {
    std::size_t length = 0;
    for (std::size_t i = at; i < at + 4; ++i) length = length << 8 | std::to_integer<std::size_t>(file[i]);
    if (length > file.size() - at - 12) return;
    const std::uint32_t crc = crc32(file.data() + at + 4, length + 4);
    for (std::size_t i = 0; i < 4; ++i) file[at + 8 + length + i] = static_cast<std::byte>(crc >> (24 - 8 * i));
    at += 12 + length;
  }
}

FileBytes make_bmp(const Picture& picture) {
  FileBytes file;
  const std::size_t row_bytes = (picture.row_bytes() + 3) / 4 * 4;
  append(file, "BM");
  append_number(file, static_cast<std::uint32_t>(54 + row_bytes * static_cast<std::size_t>(picture.height)), 4, false);
  append_number(file, 0, 4, false);
  append_number(file, 54, 4, false);
  append_number(file, 40, 4, false);
  append_number(file, static_cast<std::uint32_t>(picture.width), 4, false);
  append_number(file, static_cast<std::uint32_t>(picture.height), 4, false);
  append_number(file, 1, 2, false);
  append_number(file, 24, 2, false);
  for (int i = 0; i < 6; ++i) append_number(file, 0, 4, false);
  for (int y = picture.height - 1; y >= 0; --y) {
    for (int x = 0; x < picture.width; ++x)
      for (int c = 2; c >= 0; --c) file.push_back(static_cast<std::byte>(picture.row(y)[3 * x + c]));
    for (std::size_t i = picture.row_bytes(); i < row_bytes; ++i) file.push_back(std::byte{0});
  }
  return file;
}

FileBytes make_ppm(const Picture& picture) {
  FileBytes file;
  append(file, fmt::format("P6\n# a comment\n{} {}\n255\n", picture.width, picture.height));
  for (const std::uint8_t value : picture.pixels) file.push_back(static_cast<std::byte>(value));
  return file;
}

}  // namespace posecu
