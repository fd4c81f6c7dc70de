// The whole network: HRNet with one of the two heads.
#pragma once

#include <array>
#include <optional>

#include "models/higherhrnet_head.h"
#include "models/hrnet.h"
#include "models/hrnet_head.h"
#include "models/maps.h"

namespace posecu {

enum class Head { hrnet, higherhrnet };

struct NetworkOptions {
  Head head = Head::higherhrnet;
  int width = 32;
  int blocks = 4;
  std::array<int, 3> modules{1, 4, 3};
  int keypoints = 17;
  int embedding_dim = 8;

  bool operator==(const NetworkOptions&) const = default;
};

class Network {
 public:
  // Registers the official names, "backbone...." and "head....". The parameters must outlive the network.
  Network(Parameters& parameters, const NetworkOptions& options);

  // images [N,H,W,3], normalised RGB, H and W multiples of 32; they must live until backward. Keeps what that needs.
  NetworkMaps forward_training(Context& context, View<const float> images, const StageObserver& observe = {});

  // Adds to the gradients of the parameters, and frees what forward_training kept.
  void backward(Context& context, NetworkMaps gradients);

  // Folds batch norm into the convolutions; again after the parameters have changed.
  void prepare_inference(Context& context);
  NetworkMaps forward_inference(Context& context, View<const float> images, const StageObserver& observe = {});

  const NetworkOptions& options() const { return options_; }

 private:
  NetworkOptions options_;
  HrNet backbone_;
  std::optional<HrNetHead> hrnet_head_;  // one of the two heads
  std::optional<HigherHrNetHead> higher_head_;
};

// What decoding is given: the mean of `high` and of `low` resized to it; for HRNet, `low` itself.
Tensor<float> inference_heatmaps(Context& context, const NetworkMaps& maps);

}  // namespace posecu
