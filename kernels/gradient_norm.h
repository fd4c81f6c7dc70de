// The L2 norm of all gradients together, which is also the check that they are finite.
#pragma once

#include <cstddef>

#include "core/context.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

// Doubles of scratch that n elements need.
std::size_t gradient_norm_scratch(std::size_t n);

// norm [1] = sqrt(sum of g^2) over n elements. It is inf or NaN exactly where an element is, or where squares overflow
// a float: gradients of about 1e17 and more, whose squares Adam's second moments could not hold either.
void gradient_norm(const Stream& stream, double* norm, double* scratch, const float* gradients, std::size_t n,
                   LaunchOptions launch_options = {});

}  // namespace posecu
