// A network's maps as decoding looks at them: at "base" size, that of the network's input, where people's coordinates
// live. Neither map is ever stored at that size: values are interpolated where they are needed.
//
//   heatmap    the average over all scales of their heatmaps, each resized (bilinear, align_corners false)
//   embedding  T = sides * M numbers: M of the picture, then M of the mirrored picture, mirrored back and with left and
//              right keypoints exchanged
//
// Resizing is linear, so the average of picture and mirrored picture is taken before it, at the network's resolution.
#pragma once

#include <cstdint>

namespace posecu {

inline constexpr int kMaxScales = 16;

// The keypoint that each one becomes in a mirrored picture: by value, so that launches need no memory for it.
inline constexpr int kMaxKeypoints = 256;
struct FlipTable {
  std::uint8_t other[kMaxKeypoints] = {};
};

// One scale's heatmaps, picture and mirrored picture averaged: [K,height,width].
struct HeatmapPlanes {
  const float* values = nullptr;
  int height = 0, width = 0;  // at most twice the base size
};

struct BaseHeatmaps {
  HeatmapPlanes scales[kMaxScales];
  int scale_count = 0;
  int keypoints = 0;          // K
  int height = 0, width = 0;  // base size
};

struct BaseEmbeddings {
  const float* values = nullptr;  // [sides,map_height,map_width,K*M]
  int sides = 1;                  // 2: also the mirrored picture
  int map_height = 0, map_width = 0;
  int keypoints = 0, dims = 0;  // K, M
  int height = 0, width = 0;    // base size
  FlipTable flip;               // only read with two sides

  constexpr int tag_size() const { return sides * dims; }  // T
};

// A pixel of one keypoint's map at base size.
struct Place {
  int keypoint = 0, x = 0, y = 0;
};

// What the heatmap says at a place.
struct Reading {
  float value = 0;
  float dx = 0, dy = 0;  // 0.25 toward the higher of the two neighbours along the axis, -0.25 when they are equal
};

// A value of a map and where it stands: y * width + x, -1 for nowhere.
struct PlacedValue {
  float value = 0;
  int place = -1;
};

// Maps are walked in square tiles, numbered row by row.
inline constexpr int kMapTile = 32;

struct TileGrid {
  int columns = 0, rows = 0;
  constexpr int tiles() const { return columns * rows; }
};

constexpr TileGrid tile_grid(const BaseHeatmaps& maps) {
  return {(maps.width + kMapTile - 1) / kMapTile, (maps.height + kMapTile - 1) / kMapTile};
}

}  // namespace posecu
