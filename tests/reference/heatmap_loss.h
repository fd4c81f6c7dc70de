// The heatmap loss in double precision, written from "Protocol of the official code" (tests/goldens/README.md, section
// 2, points 1-3): target map first, then the loss of every pixel.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/reference/loss_labels.h"

namespace posecu::reference {

enum class Widening { none, by_person, by_embedding };

struct HeatmapProblem {
  int pictures = 1, height = 1, width = 1, keypoints = 1;         // heatmaps [N,height,width,K]
  int embedding_height = 1, embedding_width = 1, dimensions = 1;  // embeddings [N,height,width,K*M]
  std::vector<double> heatmaps, embeddings;
  std::vector<std::uint8_t> mask;  // [N,height,width]
  std::vector<LabelledPerson> people;
  Widening widening = Widening::by_embedding;
  bool focal = true;
  double sigma = 2, theta = 0.4, beta = 0.01;
};

std::vector<double> heatmap_targets(const HeatmapProblem& problem);  // like heatmaps
double heatmap_loss(const HeatmapProblem& problem, const std::vector<double>& targets);
std::vector<double> heatmap_gradient(const HeatmapProblem& problem, const std::vector<double>& targets);

}  // namespace posecu::reference
