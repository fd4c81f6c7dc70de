// The learning rate: a linear warm-up, then the official fall at every milestone, or half a cosine down to the end.
//
//   step k < warmup_steps      base * ((1 - ratio) / (warmup_steps - 1) * k + ratio)
//   afterwards, milestones     the last value of the warm-up, times gamma once for every milestone that was reached
//   afterwards, cosine         base * (end + (1 - end) * (1 + cos(pi * (k - warmup_steps) / (steps - warmup_steps))) /
//   2)
//
// Kept from the official code: a milestone inside the warm-up is lost, and rounding is that of its double arithmetic.
// Where the official formula divides by zero (a warm-up of one step) there is no ramp: that step has the full rate.
#pragma once

#include <cstdint>
#include <vector>

namespace posecu {

enum class Decay { milestones, cosine };

struct ScheduleOptions {
  std::vector<std::int64_t> milestones;  // steps, counted from 0, in any order; named twice counts twice
  double gamma = 0.1;
  std::int64_t warmup_steps = 500;
  double warmup_ratio = 1e-3;
  Decay decay = Decay::milestones;
  std::int64_t steps = 0;    // of the whole training: where a cosine ends
  double cosine_end = 0.01;  // its last rate, as a part of the base
};

// The rate in force in step `step`, the first of which is 0.
double learning_rate(const ScheduleOptions& options, double base, std::int64_t step);

}  // namespace posecu
