// What can be wrong with a GPU and its driver, and what to say then. Without CUDA, so that every case has a test on any
// machine; core/cuda.cpp asks CUDA and passes on what it heard.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/cuda.h"

namespace posecu {

// Versions are as CUDA counts: 13000 is 13.0. A driver of 0 is none. Throws MachineError when there is no driver, or
// one that is older than the CUDA that this program was built with.
void check_driver(int driver, int runtime);

// Throws MachineError when there is no such device, or kernels were not built for it.
void check_device(std::span<const CudaDeviceInfo> devices, int index);

// Whether after this error (a cudaError_t) every further call of the process fails: a kernel did what it must not, or
// the device is gone.
bool ends_all_work(int error);

// A message for a failed call: what it was for, CUDA's text and name of the error, and what to do.
std::string describe_cuda_error(int error, std::string_view what, std::string_view text, std::string_view name);

}  // namespace posecu
