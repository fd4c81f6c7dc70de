// Which engine computes each convolution fastest on a GPU, measured, and a file that keeps the answers by GPU, version
// of cuDNN and operation. Only engines that give the same bits on every run are measured; another engine gives other
// bits.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "layers/convolution_plans.h"

namespace posecu {

struct TunedPlan {
  std::string operation;
  std::string engine;             // the fastest
  double ms = 0, default_ms = 0;  // of it, and of the engine that had been taken
  int measured = 0;               // engines
};

// Milliseconds of a plan, the median of `repeats`.
using MeasurePlan =
    std::function<double(const CudnnPlan& plan, const CudnnTensors& tensors, void* workspace, int repeats)>;

// Measures every operation that the context's plans have met, and gives each its fastest engine: another than before
// only where that is faster by 3 %. Takes tensors from the context's memory for the time. Nothing may be recorded yet.
std::vector<TunedPlan> tune_plans(Context& context);
std::vector<TunedPlan> tune_plans(Context& context, const MeasurePlan& measure);

std::string default_plan_cache();  // convolution_plans.json in the user's cache folder, $XDG_CACHE_HOME/posecu

// What plans are measured for.
struct TunedFor {
  std::string device, cudnn;
};

// Adds to the file what was measured; what it says of others stays.
void write_plan_cache(const std::string& path, const TunedFor& target, const std::vector<TunedPlan>& plans);

// A description for ConvolutionPlans::restore: empty where there is no file, or nothing in it for this target.
std::string read_plan_cache(const std::string& path, const TunedFor& target);

// The same for whoever asks for measured plans: throws InputError where there are none for this target, naming those
// that the file has.
std::string require_plan_cache(const std::string& path, const TunedFor& target);

}  // namespace posecu
