// Pull, push and scale loss in double precision, written from the paper's equations 6 and 7 in the readings that
// tests/goldens/README.md names first: means over a picture's labelled joints, pairs without order.
#pragma once

#include "tests/reference/embedding_loss.h"

namespace posecu::reference {

EmbeddingLosses paper_embedding_losses(const EmbeddingProblem& problem);

// Of the weighted sum of the three, like embeddings.
std::vector<double> paper_embedding_gradient(const EmbeddingProblem& problem, const EmbeddingWeights& weights);

}  // namespace posecu::reference
