#include "pose/oks.h"

#include <array>
#include <cmath>

#include "core/error.h"
#include "pose/pairwise_sum.h"

namespace posecu {

namespace {

// How far outside of [low, high] `value` lies.
double distance_to_span(double value, double low, double high) {
  return std::max(0.0, low - value) + std::max(0.0, value - high);
}

bool any_labelled(const ScoredPerson& person) {
  for (std::size_t k = 2; k < person.keypoints.size(); k += 3) {
    if (person.keypoints[k] > 0) return true;
  }
  return false;
}

}  // namespace

Oks::Oks(std::span<const double> sigmas, OksArea area) : area_(area) {
  require(!sigmas.empty() && sigmas.size() <= kMostKeypoints, "OKS needs between 1 and 512 sigmas");
  for (const double sigma : sigmas) variances_.push_back((sigma * 2) * (sigma * 2));
}

double Oks::area(const ScoredPerson& person) const {
  return area_ == OksArea::box ? person.bbox[2] * person.bbox[3] * 0.53 : person.area.value();
}

Oks::Errors Oks::errors(const Detection& detection, const ScoredPerson& person) const {
  const bool labelled = any_labelled(person);
  const auto [x, y, width, height] = person.bbox;
  const double divisor = area(person) + kSmallestStep;
  Errors errors;
  for (std::size_t k = 0; k < variances_.size(); ++k) {
    if (labelled && !(person.keypoints[3 * k + 2] > 0)) continue;
    const double found_x = detection.keypoints[3 * k], found_y = detection.keypoints[3 * k + 1];
    const double dx =
        labelled ? found_x - person.keypoints[3 * k] : distance_to_span(found_x, x - width, x + width * 2);
    const double dy =
        labelled ? found_y - person.keypoints[3 * k + 1] : distance_to_span(found_y, y - height, y + height * 2);
    errors.values[errors.n++] = (dx * dx + dy * dy) / variances_[k] / divisor / 2;
  }
  return errors;
}

double Oks::mean(Errors errors) {
  const std::span terms(errors.values.data(), errors.n);
  for (double& term : terms) term = std::exp(-term);
  return pairwise_sum(terms) / static_cast<double>(errors.n);
}

double Oks::operator()(const Detection& detection, const ScoredPerson& person) const {
  return mean(errors(detection, person));
}

// exp(-e) <= 1 / (1 + e + e^2 / 2), which costs no exp; the hundredth leaves room for rounding.
double Oks::at_least(double least, const Detection& detection, const ScoredPerson& person) const {
  const Errors errors = this->errors(detection, person);
  double most = 0;
  for (std::size_t i = 0; i < errors.n; ++i) most += 1 / (1 + errors.values[i] * (1 + errors.values[i] / 2));
  return most < (least - 0.01) * static_cast<double>(errors.n) ? 0 : mean(errors);
}

}  // namespace posecu
