// Heatmaps and embeddings at single places of the base size.
#pragma once

#include <span>
#include <vector>

#include "kernels/tag_search.h"
#include "pose/aggregate.h"

namespace posecu {

std::vector<Reading> readings_at(Context& context, const AggregatedMaps& maps, std::span<const Place> places);

// [n,T], one after another.
std::vector<float> tags_at(Context& context, const AggregatedMaps& maps, std::span<const Place> places);

}  // namespace posecu
