// Picture files of every kind a reader meets, made without the project's writers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "data/picture.h"

namespace posecu {

using FileBytes = std::vector<std::byte>;

struct JpegKind {
  int components = 3;  // 1 grey, 3 RGB (stored as YCbCr), 4 CMYK as Adobe inverts it
  bool progressive = false;
  int orientation = 0;  // 0: no EXIF
  int extra_scans = 0;  // of one DC coefficient each; only for progressive files
  int restart_interval = 0;
};

// `samples` [height,width,components].
FileBytes make_jpeg(int width, int height, const std::vector<std::uint8_t>& samples, const JpegKind& kind = {});

struct PngKind {
  int depth = 8, colour_type = 2;  // 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha
  int orientation = 0;             // 0: no eXIf
};

// `rows` holds the packed bytes of all rows; a palette file gets the palette (3i, 5i, 7i).
FileBytes make_png(int width, int height, const std::vector<std::uint8_t>& rows, const PngKind& kind = {});

// Recomputes the checksums of a PNG's chunks, as far as its chunks can be followed.
void repair_png_checksums(FileBytes& file);

FileBytes make_bmp(const Picture& picture);  // 24 bits
FileBytes make_ppm(const Picture& picture);

// A TIFF structure with the orientation tag alone.
FileBytes make_exif(int orientation, bool big_endian);

}  // namespace posecu
