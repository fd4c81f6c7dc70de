#include <fmt/format.h>
#include <jconfig.h>
#include <oneapi/dnnl/dnnl.h>
#include <sys/utsname.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "apps/exit_code.h"
#include "apps/output.h"
#include "apps/verbs.h"
#include "core/context.h"

namespace posecu {
namespace {

constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;

constexpr auto kExamples = std::to_array<Example>({
    {"posecu doctor", "one screen about this machine; what is missing comes last, with what to do"},
});

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

// Memory that can be had without swapping, in GiB; negative when the system does not tell.
double available_memory() {
  std::ifstream meminfo("/proc/meminfo");
  std::string name;
  for (double kib = 0; meminfo >> name >> kib; meminfo.ignore(64, '\n'))
    if (name == "MemAvailable:") return kib * 1024 / kGiB;
  return -1;
}

double free_disk() {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(".", error);
  return error ? -1 : static_cast<double>(space.available) / kGiB;
}

bool has_nvidia_gpu() { return std::filesystem::exists("/dev/nvidia0"); }

// POSECU_LIBRARIES: those that CMake found, whose headers would be a lot to read for a number.
std::string libraries() {
  const dnnl_version_t* dnn = dnnl_version();
  return fmt::format("oneDNN {}.{}.{}, libjpeg-turbo {}.{}.{}, OpenMP {},\n               {}", dnn->major, dnn->minor,
                     dnn->patch, LIBJPEG_TURBO_VERSION_NUMBER / 1000000, LIBJPEG_TURBO_VERSION_NUMBER / 1000 % 1000,
                     LIBJPEG_TURBO_VERSION_NUMBER % 1000, _OPENMP, POSECU_LIBRARIES);
}

std::vector<std::string> advice() {
  std::vector<std::string> lines;
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    lines.push_back("this processor lacks AVX2, which the build needs: cmake --preset cpu -DPOSECU_NATIVE=ON");
  if (has_nvidia_gpu())
    lines.push_back("an NVIDIA GPU is here, but this build has no CUDA: everything runs on the CPU");
  if (const double memory = available_memory(); memory >= 0 && memory < 4)
    lines.push_back("little memory: train with train.batch=1 train.accumulate=10, or start from coco/laptop");
  if (const double disk = free_disk(); disk >= 0 && disk < 2)
    lines.push_back("little room on this disk for checkpoints: give --out on another one, or train.keep=1");
  if (const char* policy = std::getenv("OMP_WAIT_POLICY"); policy != nullptr && std::string_view(policy) != "passive")
    lines.push_back("OMP_WAIT_POLICY is not passive, which slows training: unset OMP_WAIT_POLICY");
  return lines;
}

}  // namespace

const VerbHelp kDoctorHelp{.usage = "", .examples = kExamples, .options = {}, .text = ""};

int run_doctor(const Arguments&) {
  utsname system{};
  uname(&system);
  std::string text = fmt::format("posecu {}, built with g++ {}\n", POSECU_VERSION, __VERSION__);
  const auto line = [&](std::string_view name, std::string_view value) {
    text += fmt::format("  {:<12} {}\n", name, value);
  };
  line("system", fmt::format("{} {} {}", system.sysname, system.release, system.machine));
  line("processor", fmt::format("{}, {}", processor_name(), instruction_sets()));
  line("cores", fmt::format("{} that this process may use: as many compute threads (--threads)", usable_cores()));
  line("memory", fmt::format("{:.1f} GiB, {:.1f} GiB available", static_cast<double>(physical_memory()) / kGiB,
                             available_memory()));
  line("disk here", fmt::format("{:.1f} GiB free", free_disk()));
  line("devices", "cpu; cuda: none in this build");
  line("libraries", libraries());
  const std::vector<std::string> lines = advice();
  text += lines.empty() ? "nothing is missing\n" : "to do\n";
  for (const std::string& todo : lines) text += fmt::format("  - {}\n", todo);
  print(text);
  return kDone;
}

}  // namespace posecu
