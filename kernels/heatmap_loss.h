// The heatmap loss: value and gradient in one pass, with targets that are made inside the kernel and never stored.
// docs/kernels/heatmap_loss.md derives the gradient and says what was tried.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/context.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

// What widens or sharpens the Gaussians: nothing, the scale of their own person, or at each pixel the scale that the
// embedding there encodes (without gradient).
enum class TargetScale { fixed, instance, embedding };

enum class FocalWeight { off, on };

struct HeatmapLossShape {
  int pictures = 0, height = 0, width = 0, keypoints = 0;  // heatmaps [N,height,width,K]
  int embedding_height = 0, embedding_width = 0;           // embeddings [N,.,.,K*M], not larger than the heatmaps
  int embedding_dim = 0;                                   // M
  int people = 0;                                          // P, of all pictures
};

struct HeatmapLossRule {
  TargetScale targets = TargetScale::embedding;
  FocalWeight focal = FocalWeight::on;
  double sigma = 2, theta = 0.40, beta = 0.01;
};

struct HeatmapLossInputs {
  const float* heatmaps = nullptr;        // [N,height,width,K]
  const float* embeddings = nullptr;      // read for TargetScale::embedding only
  const std::uint8_t* masks = nullptr;    // [N,height,width]: 1 counts, 0 does not
  const float* keypoints = nullptr;       // [P,K,3]: x, y in pixels of the heatmap, visibility
  const int* first_person = nullptr;      // [N+1]
  const double* person_scales = nullptr;  // [P], read for TargetScale::instance only
};

// The largest K.
inline constexpr int kMaxHeatmapChannels = 256;

// Bytes of scratch memory that both functions below need.
std::size_t heatmap_loss_workspace(const HeatmapLossShape& shape);

// loss[0] = the mean over all elements, masked ones included in the count; gradient = gradient_factor times its
// derivative, [N,height,width,K], overwritten.
void heatmap_loss(const Stream& stream, double* loss, float* gradient, std::byte* workspace,
                  const HeatmapLossInputs& inputs, const HeatmapLossShape& shape, const HeatmapLossRule& rule,
                  double gradient_factor, LaunchOptions launch = {});

// The targets that heatmap_loss works with, [N,height,width,K]: for tests and for looking at them. Reads neither
// heatmaps nor masks.
void heatmap_targets(const Stream& stream, float* targets, std::byte* workspace, const HeatmapLossInputs& inputs,
                     const HeatmapLossShape& shape, const HeatmapLossRule& rule, LaunchOptions launch = {});

}  // namespace posecu
