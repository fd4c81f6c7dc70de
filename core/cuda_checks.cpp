#include "core/cuda_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.h"

namespace posecu {
namespace {

constexpr int kLeastCapability = 8;  // kernels/nvcc_flags

std::string version(int number) { return fmt::format("{}.{}", number / 1000, number % 1000 / 10); }

// Of cudaError_t.
constexpr int kMemoryAllocation = 2, kNoDevice = 100, kInvalidDevice = 101, kInsufficientDriver = 35;
constexpr auto kSticky = std::to_array<int>({
    214,  // uncorrectable memory error
    220,  // uncorrectable error of NVLink
    226,  // the same, contained
    700,  // illegal address
    702,  // a kernel took too long
    710,  // assert
    714,  // stack
    715,  // illegal instruction
    716,  // misaligned address
    717,  // address space
    718,  // program counter
    719,  // launch failure
    721,  // tensor memory
});

std::string_view advice(int error) {
  if (ends_all_work(error))
    return "\n  this process can compute no more, and saves nothing: checkpoints are as they were\n"
           "  try: posecu train --resume RUN; the same with --no-graph and CUDA_LAUNCH_BLOCKING=1 finds the kernel";
  switch (error) {
    case kMemoryAllocation:
      return "\n  try: a smaller train.batch (and train.accumulate to keep the total), or a smaller input size";
    case kInsufficientDriver:
      return "\n  try: a newer NVIDIA driver, or --device cpu";
    case kNoDevice:
    case kInvalidDevice:
      return "\n  try: --device cpu";
    default:
      return "";
  }
}

}  // namespace

void check_driver(int driver, int runtime) {
  if (driver == 0) throw MachineError("no NVIDIA driver is installed, so there is no GPU to use; try --device cpu");
  // Drivers run what was built with any CUDA of their major version.
  if (driver / 1000 < runtime / 1000)
    throw MachineError(
        fmt::format("the NVIDIA driver is one for CUDA {}, this program needs one for CUDA {}.0 or later; try a newer "
                    "driver, or --device cpu",
                    version(driver), runtime / 1000));
}

void check_device(std::span<const CudaDeviceInfo> devices, int index) {
  if (devices.empty())
    throw MachineError("the NVIDIA driver shows no GPU (is CUDA_VISIBLE_DEVICES set?); try --device cpu");
  if (index < 0 || index >= static_cast<int>(devices.size()))
    throw MachineError(fmt::format("there is no device cuda:{}; this machine has {} ({})\n  try: --device cuda:0",
                                   index, devices.size(), devices.front().name));
  const CudaDeviceInfo& device = devices[static_cast<std::size_t>(index)];
  if (device.major < kLeastCapability)
    throw MachineError(
        fmt::format("{} has compute capability {}.{}; kernels are built for {}.0 and later\n  try: --device cpu",
                    device.name, device.major, device.minor, kLeastCapability));
}

bool ends_all_work(int error) { return std::ranges::find(kSticky, error) != kSticky.end(); }

std::string describe_cuda_error(int error, std::string_view what, std::string_view text, std::string_view name) {
  return fmt::format("CUDA: {}: {} ({}){}", what, text, name, advice(error));
}

}  // namespace posecu
