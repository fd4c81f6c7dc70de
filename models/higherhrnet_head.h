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

class HigherHrNetHead {
 public:
  HigherHrNetHead(Parameters& parameters, const std::string& name, int features, int keypoints, int embedding_dim);

  NetworkMaps forward_training(Context& context, View<const float> features);  // which must live until backward
  Tensor<float> backward(Context& context, NetworkMaps gradients);             // -> gradient of the features

  void prepare_inference(Context& context);
  NetworkMaps forward_inference(Context& context, View<const float> features);

 private:
  int channels_;  // of the features
  Conv2d low_, high_, embeddings_;
  ConvTranspose2d enlarge_;
  BatchNorm enlarge_bn_;
  std::vector<BasicBlock> blocks_;
  Tensor<float> enlarged_;  // [N,H/2,W/2,features], kept for backward
};

}  // namespace posecu
