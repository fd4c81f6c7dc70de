// The training losses of Coupled Embedding (and of Associative Embedding, its special case): heatmap, pull, push,
// scale; docs/kernels/heatmap_loss.md and embedding_loss.md state the formulas.
#pragma once

#include <span>

#include "core/context.h"
#include "core/device_targets.h"
#include "kernels/embedding_loss.h"
#include "kernels/heatmap_loss.h"

namespace posecu {

// Whether the scale loss is part of the sum.
enum class Regularisation { off, on };

struct LossWeights {
  double heatmap = 1, pull = 1e-3, push = 1e-3, scale = 1e-4;
};

struct LossOptions {
  Formulas formulas = Formulas::official;  // of pull, push and scale; the heatmap loss is the same in both
  Regularisation regularisation = Regularisation::on;
  TargetScale targets = TargetScale::embedding;
  FocalWeight focal = FocalWeight::on;
  double theta = 0.40;  // the scale at which a Gaussian has deviation sigma; 0.55 for CrowdPose
  double beta = 0.01;   // exponent of the focal weight
  double sigma = 2;     // pixels of the heatmap
  LossWeights weights{};
};

// Weighted, mean over the batch.
struct LossValues {
  double heatmap = 0, pull = 0, push = 0, scale = 0;
  double total() const { return heatmap + pull + push + scale; }
};

// What the network predicts, and the gradients of that.
template <class T>
struct LossMaps {
  View<T> low;         // [N,h,w,K] heatmaps
  View<T> high;        // [N,2h,2w,K] heatmaps, empty for a network of one resolution
  View<T> embeddings;  // [N,h,w,K*M], channel k*M + m
};

class Losses {
 public:
  explicit Losses(const LossOptions& options);

  // Overwrites `gradients`, all of them, with gradient_scale times the derivative of the total: 1/A where A passes are
  // accumulated to a step. The heatmaps' losses of both resolutions are added. In a dry run all values are 0.
  LossValues forward_backward(Context& context, const DeviceTargets& targets, const LossMaps<const float>& maps,
                              const LossMaps<float>& gradients, double gradient_scale = 1) const;

  // The same, with the losses left in `losses` [kUnweighted], on the device: nothing comes back to the host.
  static constexpr int kUnweighted = 5;  // heatmap of both resolutions, pull, push, scale
  void forward_backward(Context& context, View<double> losses, const DeviceTargets& targets,
                        const LossMaps<const float>& maps, const LossMaps<float>& gradients,
                        double gradient_scale = 1) const;
  LossValues weighted(std::span<const double> unweighted) const;  // what those numbers mean

 private:
  LossOptions options_;
};

}  // namespace posecu
