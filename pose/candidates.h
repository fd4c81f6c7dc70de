// Keypoint candidates: the highest peaks of each type's heatmap.
#pragma once

#include <cstdint>
#include <vector>

#include "core/context.h"
#include "pose/aggregate.h"
#include "pose/decode_options.h"

namespace posecu {

// Where the peaks above the threshold are, the highest value of each tile of the map (kernels/peaks.h, PeakMaps), and
// the highest peaks. On the device; shapes depend on sizes and options alone.
struct Peaks {
  Tensor<std::uint32_t> words;  // [K,height,columns of tiles]
  Tensor<float> tile_values;    // [K,tiles]
  Tensor<int> tile_places;      // [K,tiles]
  Tensor<float> candidates;     // [K,max_people,5+T]: kernels/top_peaks.h
};

// Only queues work on the device.
Peaks search_peaks(Context& context, const AggregatedMaps& maps, const DecodeOptions& options);

struct Candidate {
  int x = 0, y = 0;        // base pixel
  float value = 0;         // of the heatmap, above the threshold
  float dx = 0, dy = 0;    // a quarter of a pixel toward the higher neighbour
  std::vector<float> tag;  // [T] embedding
};

// For each keypoint type at most options.max_people candidates in falling order of value; equal ones in row order,
// which the official code leaves open. A network that diverged may give maps with infinities: a candidate whose value
// or embedding is not finite is left out.
std::vector<std::vector<Candidate>> highest_peaks(Context& context, const Peaks& peaks);

}  // namespace posecu
