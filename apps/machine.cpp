#include "apps/machine.h"

#include <fmt/format.h>
#include <jconfig.h>
#include <oneapi/dnnl/dnnl.h>
#include <sys/utsname.h>

#include <filesystem>
#include <fstream>

namespace posecu {
namespace {

constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;

}  // namespace

std::string version() { return POSECU_VERSION; }

std::string system_name() {
  utsname system{};
  uname(&system);
  return fmt::format("{} {} {}", system.sysname, system.release, system.machine);
}

std::string processor_name() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

std::string instruction_sets() {
  std::string sets;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) sets += "AVX2 FMA";
  if (__builtin_cpu_supports("avx512f")) sets += " AVX-512";
  return sets.empty() ? "no AVX2" : sets;
}

// POSECU_LIBRARIES: those that CMake found, whose headers would be a lot to read for a number.
std::string library_versions() {
  const dnnl_version_t* dnn = dnnl_version();
  return fmt::format("oneDNN {}.{}.{}, libjpeg-turbo {}.{}.{}, OpenMP {}, {}", dnn->major, dnn->minor, dnn->patch,
                     LIBJPEG_TURBO_VERSION_NUMBER / 1000000, LIBJPEG_TURBO_VERSION_NUMBER / 1000 % 1000,
                     LIBJPEG_TURBO_VERSION_NUMBER % 1000, _OPENMP, POSECU_LIBRARIES);
}

double available_memory_gib() {
  std::ifstream meminfo("/proc/meminfo");
  std::string name;
  for (double kib = 0; meminfo >> name >> kib; meminfo.ignore(64, '\n'))
    if (name == "MemAvailable:") return kib * 1024 / kGiB;
  return -1;
}

double free_disk_gib() {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(".", error);
  return error ? -1 : static_cast<double>(space.available) / kGiB;
}

std::string describe(const CudaDeviceInfo& device) {
  const auto release = [](int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); };
  return fmt::format("{}, {:.1f} GiB, compute capability {}.{}, driver for CUDA {}, runtime {}", device.name,
                     static_cast<double>(device.memory) / kGiB, device.major, device.minor,
                     release(device.driver_version), release(device.runtime_version));
}

std::string environment_text(Context& context) {
  const std::string device = context.cuda() == nullptr ? "cpu" : "cuda: " + describe(context.cuda()->info());
  return fmt::format("posecu {}, g++ {}\ndevice {}\n{} compute threads\n{}\n{}, {}\n{}\n", version(), __VERSION__,
                     device, context.threads(), system_name(), processor_name(), instruction_sets(),
                     library_versions());
}

}  // namespace posecu
