// The labels of drawn people as the JSON of annotation files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/synth.h"

namespace posecu {

enum class SynthLayout {
  coco,      // 17 keypoints; boxes hold what is seen of a person
  crowdpose  // 14 keypoints and a crowdIndex; boxes hold every labelled keypoint too; one folder for all splits
};

// An entry of "annotations".
std::string person_text(const SynthPerson& person, SynthLayout layout, std::int64_t picture, std::int64_t id);

// The entry of "categories".
std::string category_text(SynthLayout layout);

// An annotation's num_keypoints: CrowdPose counts the body without head and neck.
int count_keypoints(const SynthPerson& person, SynthLayout layout);

// A picture's crowd index (CrowdPose, section 3): the mean over its people of min(1, others' labelled keypoints within
// the box / own labelled keypoints), of CrowdPose's 14.
double crowd_index(const std::vector<SynthPerson>& people);

}  // namespace posecu
