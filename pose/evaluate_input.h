// What the tools cannot score is refused here; the rest is sorted by category and picture.
#pragma once

#include <cstdint>
#include <vector>

#include "pose/evaluate.h"
#include "pose/evaluate_matching.h"

namespace posecu {

// The ids of all pictures, rising: the order in which the tools go through them.
class PictureOrder {
 public:
  explicit PictureOrder(const GroundTruth& truth);

  std::size_t size() const { return ids_.size(); }
  int find(std::int64_t id) const;  // place in the order, or -1

 private:
  std::vector<std::int64_t> ids_;
};

// Throws InputError.
void check_input(const GroundTruth& truth, const Detections& detections, const PictureOrder& pictures,
                 const EvaluateOptions& options);

// Of each picture, in the order, the people of one category.
std::vector<PicturePeople> people_of_category(const GroundTruth& truth, const Detections& detections,
                                              const PictureOrder& pictures, std::int64_t category, Evaluator evaluator);

// What neither matters for the numbers nor is an error: annotations of unlisted pictures, results of unlisted
// categories. One sentence each.
std::vector<std::string> unscored_entries(const GroundTruth& truth, const Detections& detections,
                                          const PictureOrder& pictures);

}  // namespace posecu
