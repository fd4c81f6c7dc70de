#include "training/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace posecu {
namespace {

double warmup_rate(const ScheduleOptions& options, double base, std::int64_t step) {
  if (options.warmup_steps <= 1) return base;
  const double slope = (1 - options.warmup_ratio) / static_cast<double>(options.warmup_steps - 1);
  return base * (slope * static_cast<double>(step) + options.warmup_ratio);
}

double cosine_rate(const ScheduleOptions& options, double base, std::int64_t step) {
  const auto length = static_cast<double>(options.steps - options.warmup_steps);
  const double place = std::min(static_cast<double>(step - options.warmup_steps) / length, 1.0);
  const double share = (1 + std::cos(std::numbers::pi * place)) / 2;
  return base * (options.cosine_end + (1 - options.cosine_end) * share);
}

}  // namespace

double learning_rate(const ScheduleOptions& options, double base, std::int64_t step) {
  if (options.decay == Decay::cosine && step >= options.warmup_steps && options.steps > options.warmup_steps)
    return cosine_rate(options, base, step);
  const std::int64_t last_of_warmup = std::max<std::int64_t>(options.warmup_steps, 1) - 1;
  double rate = warmup_rate(options, base, std::min(step, last_of_warmup));
  for (const std::int64_t milestone : options.milestones) {
    if (milestone >= options.warmup_steps && milestone <= step) rate *= options.gamma;
  }
  return rate;
}

}  // namespace posecu
