// Warps of pictures and masks, and normalisation for a network: OpenCV's bytes. What is here runs on the calling
// thread; data/device_batch.h and data/device_picture.h do the same on a Context's device.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

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

Picture warp(const Picture& picture, const Affine& map, int width, int height);

// [256,3]: a byte minus ImageNet's mean, times one over its deviation, rounded as the official code rounds.
const std::array<float, 768>& normalisation_table();

// `out` [height,width,3]: warped, mirrored, normalised.
void warp_normalised(float* out, const Picture& picture, const WarpPlaces& places, Mirror mirror);

// The result [height,width] is 1 where the warped value is 128 or more, else 0.
std::vector<std::uint8_t> warp_mask(const MaskBits& mask, const WarpPlaces& places, Mirror mirror);

}  // namespace posecu
