// Pull, push and scale loss: values and the gradient of their weighted sum in one launch a batch, for any number of
// people. docs/kernels/embedding_loss.md derives the gradient.
#pragma once

#include <cstddef>

#include "core/context.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

struct EmbeddingLossShape {
  int pictures = 0, height = 0, width = 0, keypoints = 0;  // embeddings [N,height,width,K*M], channel k*M + m
  int embedding_dim = 0;                                   // M
  int people = 0;                                          // P, of all pictures
};

struct EmbeddingLossInputs {
  const float* embeddings = nullptr;      // read at the joints only
  const float* keypoints = nullptr;       // [P,K,3]: x, y in pixels of the embeddings' map, visibility
  const int* first_person = nullptr;      // [N+1]
  const double* person_scales = nullptr;  // [P]
};

// The published code's formulas, or the paper's equations 6 and 7.
enum class Formulas { official, paper };

struct EmbeddingLossRule {
  double pull = 1, push = 1, scale = 1;  // what each loss's derivative is multiplied with
  Formulas formulas = Formulas::official;
};

// Bytes of scratch memory that embedding_loss needs.
std::size_t embedding_loss_workspace(const EmbeddingLossShape& shape);

// losses[0..2] = pull, push, scale: unweighted means over the pictures. gradient [N,height,width,K*M] is overwritten
// whole: cleared here, then filled at the joints.
void embedding_loss(const Stream& stream, double* losses, float* gradient, std::byte* workspace,
                    const EmbeddingLossInputs& inputs, const EmbeddingLossShape& shape, const EmbeddingLossRule& rule,
                    LaunchOptions launch = {});

}  // namespace posecu
