// What is due at which step, in steps or in epochs, and which batches a step reads.
//
// The loader's batches are one endless row: step s (from 0) reads batches s * accumulate to s * accumulate +
// accumulate - 1, so a step may read from two epochs. An epoch is over with the step that reads its last batch; what is
// due at that epoch is due at that step.
#pragma once

#include <cstdint>
#include <vector>

#include "training/schedule.h"

namespace posecu {

enum class TrainUnit { steps, epochs };

struct TimetableOptions {
  TrainUnit unit = TrainUnit::steps;  // of the four below
  std::int64_t length = 0;
  std::vector<std::int64_t> milestones;
  std::int64_t eval_every = 0;  // 0: at the end only
  std::int64_t save_every = 0;  // 0: at evaluations and the end only

  int accumulate = 1;  // passes of a step
  double gamma = 0.1;
  std::int64_t warmup_steps = 500;
  double warmup_ratio = 1e-3;
  Decay decay = Decay::milestones;
  double cosine_end = 0.01;
};

class Timetable {
 public:
  Timetable(TimetableOptions options, std::int64_t batches_per_epoch);

  std::int64_t steps() const { return steps_; }  // of the whole training
  double learning_rate(double base, std::int64_t step) const { return posecu::learning_rate(schedule_, base, step); }

  // After `done` steps, at least 1.
  bool evaluation_due(std::int64_t done) const { return done == steps_ || is_due(options_.eval_every, done); }
  bool save_due(std::int64_t done) const { return done == steps_ || is_due(options_.save_every, done); }

  struct Place {
    std::int64_t epoch, batch;
    bool operator==(const Place&) const = default;
  };
  Place first_batch(std::int64_t step) const;  // that the step reads

 private:
  std::int64_t steps_until(std::int64_t count) const;  // the first step count at which `count` units are over
  std::int64_t units_over(std::int64_t done) const;
  bool is_due(std::int64_t every, std::int64_t done) const;

  TimetableOptions options_;
  std::int64_t batches_per_epoch_, steps_;
  ScheduleOptions schedule_;
};

}  // namespace posecu
