// Random problems for the losses: every number is a float, so that kernels and references see the same ones.
#pragma once

#include <cstdint>

#include "tests/reference/embedding_loss.h"
#include "tests/reference/heatmap_loss.h"

namespace posecu::reference {

// Largest sizes to draw: of the embeddings' map, keypoints, embedding dimensions and people of a picture.
struct ProblemLimits {
  int side = 6, keypoints = 4, dimensions = 8, people = 12;
};

// Draws 0 .. limits.people people a picture with hidden joints, joints outside, joints on each other and joints right
// of the border that -0.99 falls over; masks of ones, zeros, runs and noise; embeddings that are partly 0; heatmaps at
// least 1e-3 away from 0 and 1, where the loss has kinks; heatmaps of the embeddings' size or twice that.
HeatmapProblem random_heatmap_problem(std::uint64_t seed, const ProblemLimits& limits = {});
EmbeddingProblem random_embedding_problem(std::uint64_t seed, const ProblemLimits& limits = {});

// How the kernels want labels: [P,K,3], people of a picture one after another, [N+1] and [P].
struct PackedLabels {
  std::vector<float> keypoints;
  std::vector<int> first_person;
  std::vector<double> scales;
};
PackedLabels pack(const std::vector<LabelledPerson>& people, int pictures);

}  // namespace posecu::reference
