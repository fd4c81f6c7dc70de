// The network at one storage type T (float, bfloat16, float16): pictures come and maps leave in float, and are
// converted at these two ends. Functions are those of models/network.h.
#pragma once

#include <optional>

#include "models/higherhrnet_head.h"
#include "models/hrnet.h"
#include "models/hrnet_head.h"
#include "models/maps.h"
#include "models/network.h"

namespace posecu {

template <class T>
class TypedNetwork {
 public:
  TypedNetwork(Parameters& parameters, const NetworkOptions& options);

  NetworkMaps forward_training(Context& context, View<const float> images, const StageObserver& observe);
  void backward(Context& context, NetworkMaps gradients);
  void prepare_inference(Context& context);
  NetworkMaps forward_inference(Context& context, View<const float> images, const StageObserver& observe);

 private:
  HrNet<T> backbone_;
  std::optional<HrNetHead<T>> hrnet_head_;  // one of the two heads
  std::optional<HigherHrNetHead<T>> higher_head_;
  Tensor<T> images_;  // kept for backward where T is not float
};

}  // namespace posecu
