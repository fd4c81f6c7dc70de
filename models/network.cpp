#include "models/network.h"

#include <utility>

#include "layers/elementwise.h"
#include "layers/resize.h"

namespace posecu {
namespace {

void check_images(View<const float> images) {
  require(images.shape().rank() == 4 && images.size(3) == 3 && images.size(1) % HrNet::kMultiple == 0 &&
              images.size(2) % HrNet::kMultiple == 0,
          "the network takes [N,H,W,3] with sides that are multiples of 32, not " + to_string(images.shape()));
}

}  // namespace

Network::Network(Parameters& parameters, const NetworkOptions& options)
    : options_(options), backbone_(parameters, "backbone", {options.width, options.blocks, options.modules}) {
  if (options.head == Head::hrnet) {
    hrnet_head_.emplace(parameters, "head", options.width, options.keypoints, options.embedding_dim);
  } else {
    higher_head_.emplace(parameters, "head", options.width, options.keypoints, options.embedding_dim);
  }
}

NetworkMaps Network::forward_training(Context& context, View<const float> images, const StageObserver& observe) {
  check_images(images);
  const auto features = backbone_.forward_training(context, images, observe);
  return hrnet_head_ ? hrnet_head_->forward_training(context, features)
                     : higher_head_->forward_training(context, features);
}

void Network::backward(Context& context, NetworkMaps gradients) {
  backbone_.backward(context, hrnet_head_ ? hrnet_head_->backward(context, std::move(gradients))
                                          : higher_head_->backward(context, std::move(gradients)));
}

void Network::prepare_inference(Context& context) {
  backbone_.prepare_inference(context);
  if (hrnet_head_) hrnet_head_->prepare_inference(context);
  if (higher_head_) higher_head_->prepare_inference(context);
}

NetworkMaps Network::forward_inference(Context& context, View<const float> images, const StageObserver& observe) {
  check_images(images);
  const auto features = backbone_.forward_inference(context, images, observe);
  return hrnet_head_ ? hrnet_head_->forward_inference(context, features)
                     : higher_head_->forward_inference(context, features);
}

Tensor<float> inference_heatmaps(Context& context, const NetworkMaps& maps) {
  if (maps.high.empty()) return copy_of(context, maps.low);
  return mean_of(context, resize_bilinear(context, maps.low, maps.high.size(1), maps.high.size(2)), maps.high);
}

}  // namespace posecu
