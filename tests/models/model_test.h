// What the tests of models share: weights for a network and its double reference.
#pragma once

#include <functional>

#include "core/parameters.h"
#include "tests/reference/network.h"
#include "tests/support/layer_test.h"

namespace posecu {

inline Values doubles(View<const float> view) { return {view.begin(), view.end()}; }

// The reference's weights become those of the parameters.
inline void read_weights(const Parameters& parameters, reference::Network& net) {
  for (const Parameter& parameter : parameters.all()) {
    net.weights[parameter.name] = Values(parameter.value.begin(), parameter.value.end());
  }
}

// Convolutions that keep the size of what goes through, gamma and running variances in [0.5,1.5).
inline void draw_weights(Random& random, Parameters& parameters, reference::Network& net) {
  for (Parameter& parameter : parameters.all()) {
    const bool positive = parameter.initial == InitialValue::one;
    const double fan_in = static_cast<double>(parameter.shape.elements()) / parameter.shape[0];
    const double range = parameter.shape.rank() == 4 ? std::sqrt(3 / fan_in) : 0.5;
    for (float& value : parameter.value) value = static_cast<float>((positive ? 1 : 0) + random.uniform(-range, range));
  }
  read_weights(parameters, net);
}

// Batch norms whose outputs stay clear of 0: a quarter of the channels negative, small deviations. What such outputs
// are added to cannot bring them near 0 either, so that no ReLU of the network is near its kink.
inline void keep_away_from_kinks(Parameters& parameters, reference::Network& net) {
  for (Parameter& gamma : parameters.all()) {
    if (gamma.shape.rank() != 1 || gamma.initial != InitialValue::one || !gamma.name.ends_with(".weight")) continue;
    Parameter& beta = *parameters.find(gamma.name.substr(0, gamma.name.size() - 6) + "bias");
    for (std::size_t c = 0; c < gamma.value.elements(); ++c) {
      gamma.value.data()[c] *= 0.1F;
      beta.value.data()[c] = c % 4 == 3 ? -20.F : 1.F;
    }
  }
  read_weights(parameters, net);
}

}  // namespace posecu
