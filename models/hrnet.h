// HRNet (Sun et al. 2019), the backbone: a stem, bottlenecks, three stages of modules on two, three and four branches;
// the first branch of the last stage comes out, at a quarter of the picture's resolution.
//
//   [N,H,W,3] -> stem [N,H/4,W/4,64] -> layer1 [N,H/4,W/4,256]
//     -> transition1 -> stage2 -> transition2 -> stage3 -> transition3 -> stage4 -> [N,H/4,W/4,width]
//
// H and W are multiples of 32. Branch j has width * 2^j channels and a resolution of 1 / (4 * 2^j). A transition makes
// the new, lowest branch from the lowest one there is, by a 3x3 convolution of stride 2; the first transition also
// changes the channels of the first branch.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "models/bottleneck.h"
#include "models/hr_stage.h"
#include "models/maps.h"

namespace posecu {

struct HrNetOptions {
  int width = 32;                       // channels of the first branch
  int blocks = 4;                       // bottlenecks of layer1, and basic blocks of each branch in each module
  std::array<int, 3> modules{1, 4, 3};  // of the stages 2, 3 and 4
};

template <class T>
class HrNet {
 public:
  HrNet(Parameters& parameters, const std::string& name, const HrNetOptions& options);

  // The images must live until backward. The result belongs to the network.
  View<const T> forward_training(Context& context, View<const T> images, const TypedObserver<T>& observe = {});
  void backward(Context& context, Tensor<T> dy);  // frees what forward kept

  void prepare_inference(Context& context);
  Tensor<T> forward_inference(Context& context, View<const T> images, const TypedObserver<T>& observe = {});

 private:
  std::array<int, 4> channels_;  // of the branches
  ConvBn<T> conv1_, conv2_;
  std::vector<Bottleneck<T>> layer1_;
  ConvBn<T> transition1_first_, transition1_second_;
  HrStage<T> stage2_;
  ConvBn<T> transition2_;
  HrStage<T> stage3_;
  ConvBn<T> transition3_;
  HrStage<T> stage4_;

  // Kept for backward: half the picture's resolution, a quarter, and what the transitions made of each branch.
  Tensor<T> half_, quarter_, first_, second_, third_, fourth_;
};

}  // namespace posecu
