// Kernels that do nothing but call the runtime's functions, so that tests can look at each result.
#pragma once

#include "core/context.h"
#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/float16.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

struct VecResults {
  float *exp, *log, *sqrt, *abs, *negative, *least, *most, *chosen;  // [n]
  bfloat16* narrow;                                                  // [n]
  float16* half;                                                     // [n]
};

// Each result from x[i] (log and sqrt from its absolute value) and z[i]. n is a multiple of 8.
void probe_vec(const Stream& stream, const VecResults& results, const float* x, const float* z, int n,
               LaunchOptions launch_options);

// One block over n values: total[0] = block_sum, largest[0] = block_max of the threads' shares, twice in a row.
void probe_collectives(const Stream& stream, double* total, float* largest, const float* x, int n,
                       LaunchOptions launch_options);

}  // namespace posecu
