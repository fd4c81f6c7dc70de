// Weights of a head for other keypoints: each keypoint that both skeletons have takes its rows along.
//
//   hms_pred_layers (weight, bias)     a row a keypoint
//   tms_pred_layers (weight, bias)     M rows a keypoint: row k*M + m
//   deconv_layers.0.weight             rows are inputs: the features, then a row a keypoint
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/parameters.h"
#include "core/safetensors.h"

namespace posecu {

struct CarriedKeypoint {
  std::string name;         // of the network
  std::optional<int> from;  // its place among the file's keypoints; empty: the file has none of that name
};

class KeypointRows {
 public:
  KeypointRows() = default;  // carries nothing over: the keypoints are the same, or not known
  KeypointRows(const std::vector<std::string>& file, const std::vector<std::string>& network);

  // Empty when both lists are the same.
  const std::vector<CarriedKeypoint>& keypoints() const { return keypoints_; }

  // Whether the tensor's rows belong to keypoints, and have the sizes of these two lists.
  bool covers(const Parameter& parameter, const StoredTensor& tensor) const;

  // `values` of the parameter, with the rows of `stored` that are carried over. Only where covers() holds.
  void carry(std::vector<float>& values, const std::vector<float>& stored, const Parameter& parameter) const;

 private:
  std::vector<CarriedKeypoint> keypoints_;
  int file_count_ = 0;
};

}  // namespace posecu
