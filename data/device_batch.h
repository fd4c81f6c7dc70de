// A training batch on the device that trains: what the loader read is sent while the device still computes on the batch
// before, and warped, mirrored, normalised and masked there.
#pragma once

#include <vector>

#include "core/device_targets.h"
#include "core/staging.h"
#include "data/loader.h"

namespace posecu {

class DeviceBatch {
 public:
  // For batches that a loader with these options gives.
  DeviceBatch(Context& context, int keypoints, const LoaderOptions& options);

  // Begins to send a batch.
  void send(Batch batch);
  // Makes it the current one: images() and targets() are its, at the places of the batch before unless it says that
  // the targets have moved.
  TargetBuffer::Places receive();

  View<const float> images() const { return images_; }  // [N,S,S,3]
  DeviceTargets targets() const { return targets_.targets(); }
  const Batch& batch() const { return current_; }

 private:
  void add_raw();  // to staging_
  void warp();

  Context& context_;
  LoaderOptions options_;
  TargetBuffer targets_;
  Tensor<float> memory_;      // of images; empty where they stay in the loader's memory: on the CPU
  View<const float> images_;  // [N of the current batch,S,S,3]
  Staging staging_;
  Batch next_, current_;
  std::vector<WarpTask> tasks_;  // [1 + resolutions,N]: images, then masks
  int tasks_piece_ = 0, table_piece_ = 0;
};

}  // namespace posecu
