// The way of pictures to the network: warp, mirror, normalise, a whole batch a launch. Integers and table look-ups
// only, so that every build gives the same bytes; data/warp.h makes the tables.
#pragma once

#include <cstdint>

#include "core/context.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

// A place in the source picture, in pixels / 1024.
struct FixedPoint {
  std::int32_t x, y;
};

enum class Mirror { no, yes };

// One picture of a batch: pixel (j,i) of the target comes from columns[j] + rows[i], or goes to (width-1-j,i) mirrored.
struct WarpTask {
  const std::uint8_t* source = nullptr;  // what it holds is up to the launcher
  const FixedPoint* columns = nullptr;   // [width]
  const FixedPoint* rows = nullptr;      // [height]
  int source_width = 0, source_height = 0;
  Mirror mirror = Mirror::no;
};

struct WarpShape {
  int pictures = 0;           // N
  int width = 0, height = 0;  // of the targets
};

// y [N,height,width,3] = sources [source_height,source_width,3] bilinear with weights of 1/32 pixel, 0 outside.
// `tasks` [N] stand where kernels can read them, as all that they point to.
void warp_bytes(const Stream& stream, std::uint8_t* y, const WarpTask* tasks, WarpShape shape,
                LaunchOptions launch_options = {});

// The same through a table: y = table[byte][channel], table [256,3].
void warp_normalised(const Stream& stream, float* y, const WarpTask* tasks, const float* table, WarpShape shape,
                     LaunchOptions launch_options = {});

// y [N,height,width] is 1 where the warped mask is 128 or more, else 0. Sources are bits, [source_height,bytes of a
// row]: bit x % 8 of byte x / 8 stands for 255 or 0; null: 255 everywhere in the picture.
void warp_masks(const Stream& stream, std::uint8_t* y, const WarpTask* tasks, WarpShape shape,
                LaunchOptions launch_options = {});

}  // namespace posecu
