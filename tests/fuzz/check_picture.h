// What every decoded picture must hold, whatever the bytes were.
#pragma once

#include "core/error.h"
#include "data/picture_formats.h"

namespace posecu {

inline void check_picture(const DecodedPicture& decoded) {
  const Picture& picture = decoded.picture;
  require(
      picture.width > 0 && picture.height > 0 && picture.width <= kMaxPictureSide && picture.height <= kMaxPictureSide,
      "a picture's size");
  require(picture.pixels.size() == picture.row_bytes() * static_cast<std::size_t>(picture.height), "its pixels");
  require(decoded.orientation >= 1 && decoded.orientation <= 8, "its orientation");
}

}  // namespace posecu
