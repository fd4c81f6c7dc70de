// What a network says about a picture, in the end and on the way.
#pragma once

#include <functional>
#include <string>

#include "core/context.h"

namespace posecu {

// Also holds their gradients, on the way back.
template <class T>
struct TypedMaps {
  Tensor<T> low;         // [N,H/4,W/4,K] heatmaps
  Tensor<T> high;        // [N,H/2,W/2,K] heatmaps of HigherHRNet, empty for HRNet
  Tensor<T> embeddings;  // [N,H/4,W/4,K*M], channel k*M+m
};
using NetworkMaps = TypedMaps<float>;

// Called with name and value of intermediate results: "stem", "layer1", "stage3.branch0". For tests and tools.
template <class T>
using TypedObserver = std::function<void(const std::string& name, View<const T> value)>;
using StageObserver = TypedObserver<float>;

}  // namespace posecu
