// Whether a training fits into a device's memory: it is gone through without computing before its first step.
#pragma once

#include <cstddef>
#include <optional>

#include "apps/config.h"
#include "apps/evaluation.h"
#include "core/context.h"
#include "data/annotations.h"
#include "data/loader.h"
#include "losses/losses.h"
#include "models/network.h"

namespace posecu {

// What decides how much memory a training takes.
struct TrainingNeeds {
  NetworkOptions network;
  Precision precision = Precision::fp32;
  LossOptions losses;
  LoaderOptions loader;
  int accumulate = 1;
  int most_people = 0;  // of a picture
  Size largest_raw;     // training picture, as the file says
  Skeleton skeleton;
  FindOptions evaluation;
  std::optional<Size> largest_evaluated;  // the picture whose input is the largest; none: nothing is evaluated
};

TrainingNeeds training_needs(const Config& config, const DataSet& train, const std::optional<DataSet>& val,
                             Precision precision, DeviceKind device);

// Bytes that two steps with an evaluation between them take at most. Throws MachineError where that exceeds
// where.memory; 0 there is no limit.
std::size_t rehearse(ContextOptions where, const TrainingNeeds& needs);

// The largest batch below that of `needs` which fits into where.memory; 0: none does.
int largest_batch_that_fits(const ContextOptions& where, TrainingNeeds needs);

// Throws MachineError unless the training fits into where.memory, with what it takes and the largest batch that fits.
void require_memory(const ContextOptions& where, const TrainingNeeds& needs);

}  // namespace posecu
