#include "tests/reference/adam.h"

#include <cmath>

namespace posecu::reference {

AdamState adam(AdamState state, const std::vector<double>& gradients, const AdamSettings& settings) {
  const double correction1 = 1 - std::pow(settings.beta1, settings.step);
  const double correction2 = 1 - std::pow(settings.beta2, settings.step);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    state.m[i] = settings.beta1 * state.m[i] + (1 - settings.beta1) * gradients[i];
    state.v[i] = settings.beta2 * state.v[i] + (1 - settings.beta2) * gradients[i] * gradients[i];
    const double mean = state.m[i] / correction1, deviation = std::sqrt(state.v[i] / correction2);
    state.parameters[i] -= settings.learning_rate * mean / (deviation + settings.eps);
  }
  return state;
}

}  // namespace posecu::reference
