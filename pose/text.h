// Small letters drawn into a picture: a-z, 0-9 and a few signs, each 5 x 7 pixels.
#pragma once

#include <string_view>

#include "data/picture.h"
#include "data/skeleton.h"

namespace posecu {

inline constexpr int kLetterWidth = 6, kLetterHeight = 8;  // with the gap to the next one

// The text's top left corner is at (x, y); what lies outside of the picture is left out. Capital letters are drawn
// small, unknown signs as a box. A dark rim keeps it readable on any background.
void draw_text(Picture& picture, int x, int y, std::string_view text, Skeleton::Colour colour);

}  // namespace posecu
