// The peaks of heatmaps, found at base size (kernels/base_maps.h).
#pragma once

#include <cstdint>

#include "core/context.h"
#include "kernels/base_maps.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

struct HeatmapSides {
  int sides = 1;  // 2: picture and mirrored picture
  int height = 0, width = 0, keypoints = 0;
};

// planes [K,h,w] from heatmaps [sides,h,w,K]: channels become planes; with two sides the average of side 0 and of the
// mirrored side 1, whose channel flip.other[k] belongs to keypoint k.
void average_sides(const Stream& stream, float* planes, const float* heatmaps, const FlipTable& flip,
                   HeatmapSides sizes, LaunchOptions launch_options = {});

struct PeakOptions {
  int window = 5;          // odd, at most 15: a peak is the largest value (or one of them) of the window around it
  float threshold = 0.1f;  // peaks are larger than this
};

// What find_peaks writes.
struct PeakMaps {
  std::uint32_t* words = nullptr;  // [K,height,columns of tiles]: bit x % 32 of word x / 32 is 1 where a peak is
  float* tile_values = nullptr;    // [K,tiles] the largest value in each tile
  int* tile_places = nullptr;      // [K,tiles] y * width + x of its first occurrence in the tile, row by row
};

void find_peaks(const Stream& stream, PeakMaps peaks, const BaseHeatmaps& heatmaps, PeakOptions options,
                LaunchOptions launch_options = {});

}  // namespace posecu
