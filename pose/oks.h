// Object keypoint similarity: how well a found person fits a labelled one, 0 to 1 (COCO, Lin et al. 2014).
//
//   oks = mean over labelled joints k of exp(-e_k)     e_k = (dx^2 + dy^2) / (2 sigma_k)^2 / (area + 2^-52) / 2
//
// Where nobody's joint is labelled, dx and dy are the distances to the box extended by its own width and height on
// every side, and the mean is over all joints. Operations and their order are those of the official tools in numpy.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "pose/ground_truth.h"
#include "pose/results.h"

namespace posecu {

inline constexpr double kSmallestStep = 0x1p-52;  // numpy.spacing(1), which the tools add to what they divide by

// Which area the tools divide by: the annotation's, or 0.53 times that of its box.
enum class OksArea { annotation, box };

class Oks {
 public:
  Oks(std::span<const double> sigmas, OksArea area);

  int keypoints() const { return static_cast<int>(variances_.size()); }

  // The area that OKS divides by, and that decides whether a person is of medium or large size.
  double area(const ScoredPerson& person) const;

  // Joints of `person` and of `detection` must be keypoints() each.
  double operator()(const Detection& detection, const ScoredPerson& person) const;

  // The same, but 0 where that is below `least` for sure: strangers, as most pairs of a picture are, cost little.
  double at_least(double least, const Detection& detection, const ScoredPerson& person) const;

 private:
  // Joints beyond this are no skeleton.
  static constexpr std::size_t kMostKeypoints = 512;
  struct Errors {
    std::array<double, kMostKeypoints> values;  // e_k, of the first n
    std::size_t n = 0;
  };
  Errors errors(const Detection& detection, const ScoredPerson& person) const;
  static double mean(Errors errors);

  std::vector<double> variances_;  // (2 sigma)^2
  OksArea area_;
};

}  // namespace posecu
