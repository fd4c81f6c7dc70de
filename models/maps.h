// What a network says about a picture.
#pragma once

#include "core/context.h"

namespace posecu {

// Also holds their gradients, on the way back.
struct NetworkMaps {
  Tensor<float> low;         // [N,H/4,W/4,K] heatmaps
  Tensor<float> high;        // [N,H/2,W/2,K] heatmaps of HigherHRNet, empty for HRNet
  Tensor<float> embeddings;  // [N,H/4,W/4,K*M], channel k*M+m
};

}  // namespace posecu
