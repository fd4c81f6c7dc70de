#include "losses/losses.h"

#include "core/profile.h"
#include "kernels/embedding_loss.h"

namespace posecu {

namespace {

void check_labels(const DeviceTargets::Resolution& labels, const DeviceTargets& targets,
                  const View<const float>& heatmaps) {
  const Shape& masks = labels.masks.shape();
  require(masks.rank() == 3 && heatmaps.shape() == Shape{targets.pictures, masks[1], masks[2], targets.keypoints},
          "labels are made for heatmaps of another shape");
}

// One resolution; `loss` is the device's.
void add_heatmap_loss(Context& context, double* loss, const DeviceTargets& targets, std::size_t resolution,
                      const View<const float>& heatmaps, const View<const float>& embeddings,
                      const View<float>& gradient, const LossOptions& options, double gradient_scale) {
  const HeatmapLossShape shape{.pictures = heatmaps.size(0),
                               .height = heatmaps.size(1),
                               .width = heatmaps.size(2),
                               .keypoints = heatmaps.size(3),
                               .embedding_height = embeddings.size(1),
                               .embedding_width = embeddings.size(2),
                               .embedding_dim = embeddings.size(3) / heatmaps.size(3),
                               .people = targets.capacity};
  HeatmapLossInputs inputs{.heatmaps = heatmaps.data(), .embeddings = embeddings.data()};
  if (!context.dry_run()) {
    require(resolution < targets.resolutions.size(), "there are labels for every resolution");
    const DeviceTargets::Resolution& labels = targets.resolutions[resolution];
    check_labels(labels, targets, heatmaps);
    inputs.masks = labels.masks.data();
    inputs.keypoints = labels.keypoints.data();
    inputs.first_person = targets.first_person.data();
    inputs.person_scales = targets.scales.data();
  }
  const Measured measured(context, [&] {
    return Work{"heatmap loss", describe_map(heatmaps.shape()),
                static_cast<double>(2 * heatmaps.elements() * sizeof(float)), 0};
  });
  const auto bytes = static_cast<int>(heatmap_loss_workspace(shape));
  const Tensor<std::byte> workspace = context.tensor<std::byte>({bytes}, MemoryClass::workspace);
  heatmap_loss(context.stream(), loss, gradient.data(), workspace.data(), inputs, shape,
               {.targets = options.targets,
                .focal = options.focal,
                .sigma = options.sigma,
                .theta = options.theta,
                .beta = options.beta},
               options.weights.heatmap * gradient_scale);
}

// pull, push and scale; `losses` are the device's.
void add_embedding_losses(Context& context, double* losses, const DeviceTargets& targets,
                          const LossMaps<const float>& maps, const View<float>& gradient, const LossOptions& options,
                          double gradient_scale) {
  const LossWeights& weights = options.weights;
  const EmbeddingLossShape shape{.pictures = maps.embeddings.size(0),
                                 .height = maps.embeddings.size(1),
                                 .width = maps.embeddings.size(2),
                                 .keypoints = maps.low.size(3),
                                 .embedding_dim = maps.embeddings.size(3) / maps.low.size(3),
                                 .people = targets.capacity};
  EmbeddingLossInputs inputs{.embeddings = maps.embeddings.data()};
  if (!context.dry_run()) {
    inputs.keypoints = targets.resolutions.front().keypoints.data();
    inputs.first_person = targets.first_person.data();
    inputs.person_scales = targets.scales.data();
  }
  const Measured measured(context, [&] {
    return Work{"embedding losses", describe_map(gradient.shape()),
                static_cast<double>(gradient.elements() * sizeof(float)), 0};
  });
  const auto bytes = static_cast<int>(embedding_loss_workspace(shape));
  const Tensor<std::byte> workspace = context.tensor<std::byte>({bytes}, MemoryClass::workspace);
  embedding_loss(context.stream(), losses, gradient.data(), workspace.data(), inputs, shape,
                 {.pull = weights.pull * gradient_scale,
                  .push = weights.push * gradient_scale,
                  .scale = weights.scale * gradient_scale,
                  .formulas = options.formulas});
}

}  // namespace

Losses::Losses(const LossOptions& options) : options_(options) {
  if (options.regularisation == Regularisation::off) options_.weights.scale = 0;
}

LossValues Losses::forward_backward(Context& context, const DeviceTargets& targets, const LossMaps<const float>& maps,
                                    const LossMaps<float>& gradients, double gradient_scale) const {
  const Tensor<double> losses = context.tensor<double>({kUnweighted}, MemoryClass::workspace);
  forward_backward(context, losses, targets, maps, gradients, gradient_scale);
  return weighted(context.download<double>(losses));
}

void Losses::forward_backward(Context& context, View<double> losses, const DeviceTargets& targets,
                              const LossMaps<const float>& maps, const LossMaps<float>& gradients,
                              double gradient_scale) const {
  require(losses.elements() == kUnweighted, "there is a place for each loss");
  require(maps.embeddings.size(3) % maps.low.size(3) == 0, "every keypoint has M embedding channels");
  double* low = losses.data();
  double* high = low + 1;
  add_heatmap_loss(context, low, targets, 0, maps.low, maps.embeddings, gradients.low, options_, gradient_scale);
  if (!maps.high.empty()) {
    add_heatmap_loss(context, high, targets, 1, maps.high, maps.embeddings, gradients.high, options_, gradient_scale);
  } else {
    context.fill_zero(View<double>(high, {1}));
  }
  add_embedding_losses(context, high + 1, targets, maps, gradients.embeddings, options_, gradient_scale);
}

LossValues Losses::weighted(std::span<const double> unweighted) const {
  const LossWeights& weights = options_.weights;
  return {.heatmap = weights.heatmap * (unweighted[0] + unweighted[1]),
          .pull = weights.pull * unweighted[2],
          .push = weights.push * unweighted[3],
          .scale = weights.scale * unweighted[4]};
}

}  // namespace posecu
