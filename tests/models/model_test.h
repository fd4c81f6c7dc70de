// What the tests of models share: weights for a network and its double reference.
#pragma once

#include <functional>

#include "core/parameters.h"
#include "tests/reference/network.h"
#include "tests/support/layer_test.h"

namespace posecu {

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

}  // namespace posecu
