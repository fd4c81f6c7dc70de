#include "training/schedule.h"

#include <algorithm>

namespace posecu {
namespace {

double warmup_rate(const ScheduleOptions& options, double base, std::int64_t step) {
  if (options.warmup_steps <= 1) return base;
  const double slope = (1 - options.warmup_ratio) / static_cast<double>(options.warmup_steps - 1);
  return base * (slope * static_cast<double>(step) + options.warmup_ratio);
}

}  // namespace

double learning_rate(const ScheduleOptions& options, double base, std::int64_t step) {
  const std::int64_t last_of_warmup = std::max<std::int64_t>(options.warmup_steps, 1) - 1;
  double rate = warmup_rate(options, base, std::min(step, last_of_warmup));
  for (const std::int64_t milestone : options.milestones) {
    if (milestone >= options.warmup_steps && milestone <= step) rate *= options.gamma;
  }
  return rate;
}

}  // namespace posecu
