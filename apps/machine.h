// What the machine is, for `doctor` and for a run folder's environment.txt.
#pragma once

#include <string>

#include "core/context.h"
#include "core/cuda.h"

namespace posecu {

std::string version();      // "0.1.0"
std::string system_name();  // "Linux 6.1.0 x86_64"
std::string processor_name();
std::string instruction_sets();  // "AVX2 FMA AVX-512"
std::string library_versions();

double available_memory_gib();  // that can be had without swapping; negative when the system does not tell
double free_disk_gib();         // of the current folder; negative likewise

std::string describe(const CudaDeviceInfo& device);  // name, memory, versions

// Lines for a run folder: whatever the last bits of a result may depend on.
std::string environment_text(Context& context);

}  // namespace posecu
