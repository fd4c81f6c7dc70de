// The way of a picture to the network: warp, mirror, normalise. Integers and table look-ups only, so that every build
// gives the same bytes; data/warp.h makes the tables.
#pragma once

#include <cstdint>

#include "core/context.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

// A place in the source picture, in pixels / 1024.
struct FixedPoint {
  std::int32_t x, y;
};

struct WarpShape {
  int width = 0, height = 0;                // of y
  int source_width = 0, source_height = 0;  // of x
  int channels = 0;                         // 1 or 3
};

// y [height,width,channels] = x [source_height,source_width,channels] at the places columns[j] + rows[i], bilinear with
// weights of 1/32 pixel, 0 outside.
void warp_affine(const Stream& stream, std::uint8_t* y, const std::uint8_t* x, const FixedPoint* columns,
                 const FixedPoint* rows, WarpShape shape, LaunchOptions launch_options = {});

enum class Mirror { no, yes };

// y [height,width,3] = table[x][channel], table [256,3]; mirrored in x if asked.
void normalise(const Stream& stream, float* y, const std::uint8_t* x, const float* table, int width, int height,
               Mirror mirror, LaunchOptions launch_options = {});

}  // namespace posecu
