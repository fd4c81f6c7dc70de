// From a network's maps to people, by the official protocol of Coupled Embedding:
//
//   1. heatmaps resized to the base size and averaged over picture, mirrored picture and scales   pose/aggregate.h
//   2. their peaks above the threshold, at most max_people of each keypoint type                  pose/candidates.h
//   3. peaks grouped into people by their embeddings                                              pose/grouping.h
//   4. keypoints moved a quarter of a pixel toward the higher neighbour; a person's score
//   5. missing keypoints searched where heatmap and embedding fit the person best                 pose/refine.h
//   6. back to pixels of the picture                                                              to_picture()
#pragma once

#include <span>
#include <vector>

#include "data/skeleton.h"
#include "pose/aggregate.h"
#include "pose/candidates.h"
#include "pose/decode_options.h"
#include "pose/grouping.h"
#include "pose/person.h"

namespace posecu {

// What steps 1 and 2 make on the device.
struct SearchedMaps {
  AggregatedMaps maps;
  Peaks peaks;
};

// Steps 1 and 2, up to the candidates: only queues work, the same for all maps of a size, so that it can be recorded
// with the network before it. The sources must outlive the result.
SearchedMaps search_maps(Context& context, std::span<const MapSource> sources, BaseSize base, const Skeleton& skeleton,
                         const DecodeOptions& options);

// Steps 2 to 5: people in pixels of the base size, in the order in which grouping founded them. A person's score is the
// mean over all K keypoints of the values that grouping gave, missing ones counting 0. A keypoint that refinement found
// may have a score of 0 or less. Nobody in a dry run.
std::vector<Person> finish_decoding(Context& context, const SearchedMaps& searched, const Skeleton& skeleton,
                                    const DecodeOptions& options);

// Steps 1 to 5.
std::vector<Person> decode(Context& context, std::span<const MapSource> sources, BaseSize base,
                           const Skeleton& skeleton, const DecodeOptions& options);

// Step 4 alone.
Person person_of_group(const Group& group, Adjustment adjustment);

// How the base size lies in the picture: the picture's (x - width/2) * step + centre, for each axis.
struct PictureFrame {
  BaseSize base;
  double centre_x = 0, centre_y = 0;  // picture pixels
  double step_x = 1, step_y = 1;      // picture pixels a base pixel
};

// Step 6. A keypoint whose score is 0 or less keeps it, and goes to (0,0).
std::vector<Person> to_picture(std::span<const Person> people, const PictureFrame& frame);

}  // namespace posecu
