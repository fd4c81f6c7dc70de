#include "training/timetable.h"

#include "core/error.h"

namespace posecu {

Timetable::Timetable(TimetableOptions options, std::int64_t batches_per_epoch)
    : options_(std::move(options)), batches_per_epoch_(batches_per_epoch) {
  require(batches_per_epoch >= 1 && options_.accumulate >= 1 && options_.length >= 0, "a training has batches");
  steps_ = steps_until(options_.length);
  schedule_ = {{},     options_.gamma,     options_.warmup_steps, options_.warmup_ratio, options_.decay,
               steps_, options_.cosine_end};
  for (const std::int64_t milestone : options_.milestones) schedule_.milestones.push_back(steps_until(milestone));
}

Timetable::Place Timetable::first_batch(std::int64_t step) const {
  const std::int64_t batch = step * options_.accumulate;
  return {batch / batches_per_epoch_, batch % batches_per_epoch_};
}

std::int64_t Timetable::steps_until(std::int64_t count) const {
  if (options_.unit == TrainUnit::steps) return count;
  return (count * batches_per_epoch_ + options_.accumulate - 1) / options_.accumulate;
}

std::int64_t Timetable::units_over(std::int64_t done) const {
  return options_.unit == TrainUnit::steps ? done : first_batch(done).epoch;
}

bool Timetable::is_due(std::int64_t every, std::int64_t done) const {
  return every > 0 && units_over(done) / every > units_over(done - 1) / every;
}

}  // namespace posecu
