#include "training/adam.h"

#include "core/error.h"
#include "core/profile.h"
#include "kernels/adam.h"

namespace posecu {

Adam::Adam(Context& context, Parameters& parameters, const AdamOptions& options)
    : parameters_(parameters), options_(options) {
  require(!parameters.gradients().empty(), "Adam needs parameters with gradients");
  const Shape shape = parameters.trained().shape();
  first_ = context.tensor<float>(shape, MemoryClass::optimizer);
  second_ = context.tensor<float>(shape, MemoryClass::optimizer);
  context.fill_zero(first_.view());
  context.fill_zero(second_.view());
}

AdamFactors Adam::next_factors(double lr) const {
  return adam_factors({.learning_rate = lr,
                       .beta1 = options_.beta1,
                       .beta2 = options_.beta2,
                       .eps = options_.eps,
                       .step = updates_ + 1});
}

void Adam::update(Context& context, View<const StepState> state) {
  const View<float> weights = parameters_.trained();
  const Measured measured(context, [&] {
    return Work{"Adam", describe_map(weights.shape()), static_cast<double>(7 * weights.elements() * sizeof(float)), 0};
  });
  adam_update(context.stream(), weights.data(), first_.data(), second_.data(), parameters_.gradients().data(),
              weights.elements(), state.data());
}

}  // namespace posecu
