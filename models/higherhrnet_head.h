// HigherHRNet's head (Cheng et al. 2020), with the embeddings apart:
//
//   low  = 1x1 convolution of the features           [N,H/4,W/4,K]     "hms_pred_layers.0"
//   tags = 1x1 convolution of the features           [N,H/4,W/4,K*M]   "tms_pred_layers"
//   high = 1x1 convolution of four basic blocks of   [N,H/2,W/2,K]     "hms_pred_layers.1", "blocks"
//          relu(bn(transposed convolution of [features, low]))         "deconv_layers.0", ".1"
#pragma once

#include <string>
#include <vector>

#include "layers/conv2d.h"
#include "layers/conv_transpose2d.h"
#include "models/basic_block.h"
#include "models/maps.h"

namespace posecu {

template <class T>
class HigherHrNetHead {
 public:
  HigherHrNetHead(Parameters& parameters, const std::string& name, int features, int keypoints, int embedding_dim);

  TypedMaps<T> forward_training(Context& context, View<const T> features);  // which must live until backward
  Tensor<T> backward(Context& context, TypedMaps<T> gradients);             // -> gradient of the features

  void prepare_inference(Context& context);
  TypedMaps<T> forward_inference(Context& context, View<const T> features);

 private:
  int channels_;  // of the features
  Conv2d<T> low_, high_, embeddings_;
  ConvTranspose2d<T> enlarge_;
  BatchNorm<T> enlarge_bn_;
  std::vector<BasicBlock<T>> blocks_;
  Tensor<T> enlarged_;  // [N,H/2,W/2,features], kept for backward
};

}  // namespace posecu
