// Warps of pictures, masks and their normalisation for a network: OpenCV's bytes.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/context.h"
#include "data/affine.h"
#include "data/mask.h"
#include "data/picture.h"
#include "kernels/warp_affine.h"

namespace posecu {

// Where the pixels of a warped picture come from: pixel (j, i) from columns[j] + rows[i].
struct WarpPlaces {
  std::vector<FixedPoint> columns, rows;
};

// `map` leads from the source to a target of width x height.
WarpPlaces warp_places(const Affine& map, int width, int height);

Picture warp(const Stream& stream, const Picture& picture, const Affine& map, int width, int height);

// Of a mask of 0 and 255. The result is 1 where the warped value is 128 or more, else 0.
std::vector<std::uint8_t> warp_mask(const Stream& stream, const Mask& mask, const Affine& map, int width, int height,
                                    Mirror mirror);

// [256,3]: a byte minus ImageNet's mean, times one over its deviation, rounded as the official code rounds.
const std::array<float, 768>& normalisation_table();

// `out` [height,width,3].
void normalise(const Stream& stream, float* out, const Picture& picture, Mirror mirror);

}  // namespace posecu
