// The orientation that a camera noted in a picture's EXIF data (a small TIFF file).
#pragma once

#include <cstddef>
#include <span>

namespace posecu {

// 1 to 8 as the tag 0x0112 of the first directory says; 1 (upright) when there is none or the data make no sense.
int exif_orientation(std::span<const std::byte> tiff);

}  // namespace posecu
