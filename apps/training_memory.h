// How much memory a training takes, and whether it fits into a device: it is gone through without computing.
#pragma once

#include <array>
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

// The same before there are data: pictures of 640x480 with three people each, and no evaluation.
TrainingNeeds training_needs(const Config& config, const Skeleton& skeleton, Precision precision, DeviceKind device);

struct MemoryNeed {
  std::array<std::size_t, kMemoryClasses> by_class{};  // bytes, each at its own worst moment
  std::size_t peak = 0;                                // bytes of all tensors, at theirs
};
MemoryNeed memory_need(const Arena& arena);

// What two steps take, with an evaluation between them if there is one. Throws MachineError where that exceeds
// where.memory; 0 there is no limit.
MemoryNeed rehearse(ContextOptions where, const TrainingNeeds& needs);

// The largest batch below `limit` which fits into where.memory; 0: none does.
int largest_batch_that_fits(const ContextOptions& where, TrainingNeeds needs, int limit);

// Throws MachineError unless the training fits into where.memory, with what it takes and the largest batch that fits.
void require_memory(const ContextOptions& where, const TrainingNeeds& needs);

}  // namespace posecu
