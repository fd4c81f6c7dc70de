// HRNet's head for associative embeddings: two 1x1 convolutions of the backbone's features, one to K heatmaps
// ("hms_pred_layers") and one to K*M embeddings ("tms_pred_layers").
#pragma once

#include <string>

#include "layers/conv2d.h"
#include "models/maps.h"

namespace posecu {

template <class T>
class HrNetHead {
 public:
  HrNetHead(Parameters& parameters, const std::string& name, int features, int keypoints, int embedding_dim);

  TypedMaps<T> forward_training(Context& context, View<const T> features);  // which must live until backward
  Tensor<T> backward(Context& context, TypedMaps<T> gradients);             // -> gradient of the features

  void prepare_inference(Context& context);
  TypedMaps<T> forward_inference(Context& context, View<const T> features);

 private:
  Conv2d<T> heatmaps_, embeddings_;
};

}  // namespace posecu
