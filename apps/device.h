// --device, --no-graph, --tuned and --threads: where a verb computes, and how.
#pragma once

#include "apps/arguments.h"
#include "apps/output.h"
#include "core/context.h"

namespace posecu {

inline constexpr OptionHelp kDeviceOption{"--device", "DEVICE", "auto (default), cpu or cuda[:i]."};
inline constexpr OptionHelp kNoGraphOption{
    "--no-graph", "",
    "A GPU is told each operation anew, instead of replaying recorded ones: slower, to look for faults."};
inline constexpr OptionHelp kTunedOption{
    "--tuned", "", "Convolutions take the engines that `bench --tune` found to be the fastest on this GPU."};
inline constexpr OptionHelp kThreadsOption{"--threads", "N", "Compute threads; default: one for each usable core."};
inline constexpr OptionHelp kQuietOption{"--quiet", "", "No messages and no progress, errors only."};

// Reads these options. Throws UsageError for wrong values, MachineError for a device that is not there. With `auto` it
// says once what was chosen.
ContextOptions context_options(const Arguments& arguments);

// What was measured for the context's GPU, where --tuned is given; else empty. Throws UsageError on the CPU, InputError
// where nothing was measured on this GPU with this cuDNN.
std::string tuned_plans(Context& context, const Arguments& arguments);

// From now on convolutions take those engines. Shapes that were not measured have those of cuDNN's heuristic.
void take_tuned_plans(Context& context, const Arguments& arguments);

Chatter chatter(const Arguments& arguments);

}  // namespace posecu
