// The search for the keypoints that grouping left people without.
#pragma once

#include <span>
#include <vector>

#include "kernels/tag_search.h"
#include "pose/candidates.h"
#include "pose/grouping.h"

namespace posecu {

struct FoundKeypoint {
  int keypoint = 0, person = 0;
  Place place;
  Reading reading;  // its value may be 0 or less
};

// For every person and keypoint that is missing: the place where heatmap - round(|embedding - person's embedding|) is
// largest over the whole map, the first of equal ones in row order.
std::vector<FoundKeypoint> find_missing(Context& context, const AggregatedMaps& maps, const Peaks& peaks,
                                        std::span<const Group> people);

}  // namespace posecu
