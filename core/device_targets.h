// Targets on a Context's device, in memory that stays: a recorded step reads every batch's labels at the same places.
#pragma once

#include <cstdint>
#include <vector>

#include "core/context.h"
#include "core/targets.h"

namespace posecu {

// What the losses read.
struct DeviceTargets {
  struct Resolution {
    View<const float> keypoints;     // [capacity,K,3]
    View<const std::uint8_t> masks;  // [N,height,width]
  };
  int pictures = 0, keypoints = 0;  // N, K
  int capacity = 0;                 // people that there is room for
  View<const int> first_person;     // [N+1]; the last one is the number of people
  View<const double> scales;        // [capacity]
  std::vector<Resolution> resolutions;
};

// Room for the targets of a batch: for any number of people, since it grows.
class TargetBuffer {
 public:
  // Sizes are those of the batches' heatmaps. `pictures` is the most that a batch has.
  struct Size {
    int width = 0, height = 0;
  };
  TargetBuffer(Context& context, int pictures, int keypoints, const std::vector<Size>& sizes);
  // Room for these targets, which it holds.
  TargetBuffer(Context& context, const Targets& targets);

  // Copies labels, and masks if they are there. Returns whether places have changed because there were more people than
  // ever: what was recorded with the old ones must be recorded anew.
  enum class Places { kept, moved };
  Places upload(Context& context, const Targets& targets);

  DeviceTargets targets() const;
  View<std::uint8_t> masks(std::size_t resolution) const;  // [N of the last upload,height,width]

 private:
  void reserve(Context& context, int people);

  int most_pictures_, keypoints_, pictures_, capacity_ = 0;
  std::vector<Size> sizes_;
  Tensor<int> first_person_;
  Tensor<double> scales_;
  std::vector<Tensor<float>> labels_;
  std::vector<Tensor<std::uint8_t>> masks_;
};

}  // namespace posecu
