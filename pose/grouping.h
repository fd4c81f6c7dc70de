// Candidates of all keypoint types, grouped into people by their embeddings.
#pragma once

#include <span>
#include <vector>

#include "pose/candidates.h"

namespace posecu {

struct Group {
  std::vector<const Candidate*> joints;  // [K], null where the person has none; points into the candidates
  std::vector<float> tag;                // [T] mean embedding of the joints
};

// Visits the keypoint types in `order` (the skeleton's). The first type with candidates founds a person by each. Later
// ones are assigned to people (pose/munkres.h) by cost
//
//   round(d) - value if round(d) <= 1, else 1e5       d = |candidate's embedding - person's| / tag_distance
//
// halves rounded to even. A pair joins if d <= 1; any other candidate founds a person. A person's embedding is the mean
// of its joints'. People come in the order in which they were founded. `candidates` must outlive the result.
std::vector<Group> group_candidates(const std::vector<std::vector<Candidate>>& candidates, std::span<const int> order,
                                    double tag_distance);

}  // namespace posecu
