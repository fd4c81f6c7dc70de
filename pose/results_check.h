// What a results file holds that can be scored, but that its writer hardly meant. The tools score it without a word.
#pragma once

#include <string>
#include <vector>

#include "pose/evaluate.h"

namespace posecu {

// A sentence each: normalised coordinates, pictures with people and without results, results beyond the 20 of a
// picture that count, without a found joint, outside of their picture, there twice, all of one score. Ids are named,
// the first five.
std::vector<std::string> doubtful_results(const GroundTruth& truth, const Detections& detections, Evaluator evaluator);

// For sending to an evaluation server, which tells less: throws InputError (file: the source of `detections`) unless
// every result is of a listed picture and of `category`, has `keypoints` joints and finite numbers.
void check_submission(const GroundTruth& truth, const Detections& detections, std::int64_t category, int keypoints);

}  // namespace posecu
