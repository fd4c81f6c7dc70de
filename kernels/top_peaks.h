// The highest peaks of each keypoint's heatmap, and what decoding wants to know of them.
#pragma once

#include <cstdint>

#include "core/context.h"
#include "kernels/base_maps.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

// A candidate is a row of 5 + T numbers: its pixel, the heatmap's value, a quarter of a pixel toward the higher
// neighbours (Reading), its embedding.
inline constexpr int kCandidateHead = 5;
constexpr int candidate_size(const BaseEmbeddings& embeddings) { return kCandidateHead + embeddings.tag_size(); }

// candidates [K,most,5+T]: of each keypoint type the peaks with the largest values, falling, equal ones in row order;
// those that are not finite are left out. Rows without a peak: x is -1, the rest 0. `words` are find_peaks'; `scratch`
// [K,2,most].
void top_peaks(const Stream& stream, float* candidates, PlacedValue* scratch, const std::uint32_t* words,
               const BaseHeatmaps& heatmaps, const BaseEmbeddings& embeddings, int most,
               LaunchOptions launch_options = {});

}  // namespace posecu
