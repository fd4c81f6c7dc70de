// Pull, push and scale loss in double precision, written from "Protocol of the official code"
// (tests/goldens/README.md, section 2, points 4-5).
#pragma once

#include <vector>

#include "tests/reference/loss_labels.h"

namespace posecu::reference {

struct EmbeddingProblem {
  int pictures = 1, height = 1, width = 1, keypoints = 1, dimensions = 1;  // embeddings [N,height,width,K*M]
  std::vector<double> embeddings;
  std::vector<LabelledPerson> people;
};

struct EmbeddingLosses {
  double pull = 0, push = 0, scale = 0;  // means over the pictures
};
struct EmbeddingWeights {
  double pull = 1, push = 1, scale = 1;
};

EmbeddingLosses embedding_losses(const EmbeddingProblem& problem);

// Of the weighted sum of the three, like embeddings.
std::vector<double> embedding_gradient(const EmbeddingProblem& problem, const EmbeddingWeights& weights);

}  // namespace posecu::reference
