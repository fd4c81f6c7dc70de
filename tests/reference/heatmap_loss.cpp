#include "tests/reference/heatmap_loss.h"

#include <algorithm>
#include <cmath>

#include "tests/reference/map.h"

namespace posecu::reference {

namespace {

std::size_t at(const HeatmapProblem& p, int n, int y, int x, int k) {
  return ((static_cast<std::size_t>(n) * static_cast<std::size_t>(p.height) + static_cast<std::size_t>(y)) *
              static_cast<std::size_t>(p.width) +
          static_cast<std::size_t>(x)) *
             static_cast<std::size_t>(p.keypoints) +
         static_cast<std::size_t>(k);
}

// The scale that the embedding at (n,y,x,k) of the embeddings' map encodes.
double encoded_scale(const HeatmapProblem& p, int n, int y, int x, int k) {
  const auto m = static_cast<std::size_t>(p.dimensions);
  const std::size_t pixel =
      (static_cast<std::size_t>(n) * static_cast<std::size_t>(p.embedding_height) + static_cast<std::size_t>(y)) *
          static_cast<std::size_t>(p.embedding_width) +
      static_cast<std::size_t>(x);
  const double* t =
      p.embeddings.data() + (pixel * static_cast<std::size_t>(p.keypoints) + static_cast<std::size_t>(k)) * m;
  double norm = 0, scale = 0;
  for (std::size_t i = 0; i < m; ++i) norm += std::abs(t[i]);
  norm = std::max(norm, 1e-12);
  for (std::size_t i = 0; i < m; ++i) {
    const double d = (static_cast<double>(i) + 0.5) / static_cast<double>(m);
    scale += d * std::abs(t[i]) / norm;
  }
  return scale;
}

// Bilinear, align_corners false: the value at a pixel's centre, coordinates below the first centre clamped to it.
double scale_at(const HeatmapProblem& p, int n, int y, int x, int k) {
  const double v = std::max((y + 0.5) * p.embedding_height / p.height - 0.5, 0.0);
  const double u = std::max((x + 0.5) * p.embedding_width / p.width - 0.5, 0.0);
  const int top = static_cast<int>(v), left = static_cast<int>(u);
  const int bottom = std::min(top + 1, p.embedding_height - 1), right = std::min(left + 1, p.embedding_width - 1);
  const double fv = v - top, fu = u - left;
  return (1 - fv) * ((1 - fu) * encoded_scale(p, n, top, left, k) + fu * encoded_scale(p, n, top, right, k)) +
         fv * ((1 - fu) * encoded_scale(p, n, bottom, left, k) + fu * encoded_scale(p, n, bottom, right, k));
}

// g to the power (theta / scale)^2; an infinite exponent leaves 1 alone and makes anything below it 0.
double adjusted(double gaussian, double theta, double scale) {
  if (gaussian == 0 || gaussian == 1) return gaussian;
  return scale == 0 ? 0 : std::pow(gaussian, (theta / scale) * (theta / scale));
}

void paint(Values& targets, const HeatmapProblem& p, const LabelledPerson& person, int k) {
  int x = 0, y = 0;
  if (!pixel_of(person.joints[static_cast<std::size_t>(k)], p.width, p.height, x, y)) return;
  const int reach = static_cast<int>(3 * p.sigma + 1);
  for (int dy = -reach; dy <= reach; ++dy)
    for (int dx = -reach; dx <= reach; ++dx) {
      if (y + dy < 0 || y + dy >= p.height || x + dx < 0 || x + dx >= p.width) continue;
      double value = std::exp(-(dx * dx + dy * dy) / (2 * p.sigma * p.sigma));
      if (p.widening == Widening::by_person) value = adjusted(value, p.theta, person.scale);
      double& target = targets[at(p, person.picture, y + dy, x + dx, k)];
      target = std::max(target, value);
    }
}

double focal_share(const HeatmapProblem& p, double target) {  // P of the README
  return target == 0 ? 0 : std::pow(1 - std::log(target), -p.beta);
}

double sign(double v) { return v > 0 ? 1 : (v < 0 ? -1 : 0); }

}  // namespace

Values heatmap_targets(const HeatmapProblem& p) {
  Values targets(p.heatmaps.size(), 0.0);
  for (const LabelledPerson& person : p.people)
    for (int k = 0; k < p.keypoints; ++k) paint(targets, p, person, k);
  if (p.widening != Widening::by_embedding) return targets;
  for (int n = 0; n < p.pictures; ++n)
    for (int y = 0; y < p.height; ++y)
      for (int x = 0; x < p.width; ++x)
        for (int k = 0; k < p.keypoints; ++k) {
          double& target = targets[at(p, n, y, x, k)];
          if (target != 0) target = adjusted(target, p.theta, scale_at(p, n, y, x, k));
        }
  return targets;
}

double heatmap_loss(const HeatmapProblem& p, const Values& targets) {
  double sum = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const double v = p.heatmaps[i], share = focal_share(p, targets[i]);
    const double weight = p.focal ? share * std::abs(1 - v) + (1 - share) * std::abs(v) : 1;
    sum += (v - targets[i]) * (v - targets[i]) * weight * p.mask[i / static_cast<std::size_t>(p.keypoints)];
  }
  return sum / static_cast<double>(targets.size());
}

Values heatmap_gradient(const HeatmapProblem& p, const Values& targets) {
  Values gradient(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const double v = p.heatmaps[i], share = focal_share(p, targets[i]), residual = v - targets[i];
    const double weight = p.focal ? share * std::abs(1 - v) + (1 - share) * std::abs(v) : 1;
    const double slope = p.focal ? -share * sign(1 - v) + (1 - share) * sign(v) : 0;
    gradient[i] = (2 * residual * weight + residual * residual * slope) *
                  p.mask[i / static_cast<std::size_t>(p.keypoints)] / static_cast<double>(targets.size());
  }
  return gradient;
}

}  // namespace posecu::reference
