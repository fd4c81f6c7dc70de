#include "layers/gpu_properties.h"

#include <fmt/format.h>

#include <string_view>

namespace posecu {
namespace {

// The published values of the Hopper cards, which differ in their memory alone.
GpuProperties hopper(std::string_view name, long long memory_bytes, int memory_clock_khz) {
  return {std::string(name), fmt::format(R"({{
    "name": "{0}", "deviceName": "{0}", "deviceVer": 900, "driverVer": 13000, "driverVersion": 13000,
    "cudaDeviceId": 0, "pciDeviceId": 0, "isTccDriver": 0, "supportCoopLaunch": 1,
    "totalGlobalMem": {1}, "memClockRateKHz": {2}, "smClockRateKHz": 1980000, "l2CacheSize": 52428800,
    "multiProcessorCount": 132, "warpSize": 32, "maxThreadsPerBlock": 1024, "maxThreadsPerSM": 2048,
    "maxGridSize": [2147483647, 65535, 65535], "maxBlockSize": [1024, 1024, 64], "maxCtasPerSM": 32,
    "maxRegistersPerSM": 65536, "regsPerBlock": 65536, "maxSharedMemoryPerBlock": 49152,
    "maxSharedMemoryPerBlockOptin": 232448, "reservedSharedMemoryPerBlock": 1024
  }})",
                                         name, memory_bytes, memory_clock_khz)};
}

}  // namespace

GpuProperties h100_properties() { return hopper("NVIDIA H100 80GB HBM3", 85'029'158'912, 2'619'000); }
GpuProperties h200_properties() { return hopper("NVIDIA H200", 150'110'011'392, 3'201'000); }

}  // namespace posecu
