// What training is made of, filled from the configuration.
#pragma once

#include "apps/config.h"
#include "data/loader.h"
#include "losses/losses.h"
#include "models/network.h"
#include "training/train.h"

namespace posecu {

NetworkOptions network_options(const Config& config, int keypoints);
LossOptions loss_options(const Config& config);
LoaderOptions loader_options(const Config& config, DeviceKind device);

// Throws UsageError when neither train.steps nor train.epochs is set.
TrainOptions train_options(const Config& config);

// What `key` (train.precision, eval.precision) says. Throws UsageError where the device has no fast way to compute so.
Precision precision_of(const Config& config, const std::string& key, DeviceKind device);

}  // namespace posecu
