#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/exit_code.h"
#include "apps/machine.h"
#include "apps/output.h"
#include "apps/verbs.h"
#include "core/context.h"
#include "core/cuda.h"
#include "core/error.h"

namespace posecu {
namespace {

constexpr auto kExamples = std::to_array<Example>({
    {"posecu doctor", "one screen about this machine; what is missing comes last, with what to do"},
});

std::vector<std::string> advice() {
  std::vector<std::string> lines;
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    lines.emplace_back("this processor lacks AVX2, which the build needs: cmake --preset cpu -DPOSECU_NATIVE=ON");
  if (!cuda_built() && std::filesystem::exists("/dev/nvidia0"))
    lines.emplace_back("an NVIDIA GPU is here, but this build has no CUDA: cmake --preset cuda");
  if (const double memory = available_memory_gib(); memory >= 0 && memory < 4)
    lines.emplace_back("little memory: train with train.batch=1 train.accumulate=10, or start from coco/laptop");
  if (const double disk = free_disk_gib(); disk >= 0 && disk < 2)
    lines.emplace_back("little room on this disk for checkpoints: give --out on another one, or train.keep=1");
  if (const char* policy = std::getenv("OMP_WAIT_POLICY"); policy != nullptr && std::string_view(policy) != "passive")
    lines.emplace_back("OMP_WAIT_POLICY is not passive, which slows training: unset OMP_WAIT_POLICY");
  return lines;
}

std::vector<std::string> devices() {
  std::vector<std::string> lines{"cpu"};
  try {
    for (const CudaDeviceInfo& device : cuda_devices())
      lines.push_back(fmt::format("cuda:{}: {}", lines.size() - 1, describe(device)));
  } catch (const MachineError& error) {
    const std::string_view text = error.what();
    lines.push_back(fmt::format("no cuda: {}", text.substr(0, text.find(';'))));
  }
  return lines;
}

}  // namespace

const VerbHelp kDoctorHelp{.usage = "", .examples = kExamples, .options = {}};

int run_doctor(const Arguments&) {
  constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
  std::string text = fmt::format("posecu {}, built with g++ {}\n", version(), __VERSION__);
  const auto line = [&](std::string_view name, std::string_view value) {
    text += fmt::format("  {:<12} {}\n", name, value);
  };
  line("system", system_name());
  line("processor", fmt::format("{}, {}", processor_name(), instruction_sets()));
  line("cores", fmt::format("{} that this process may use: as many compute threads (--threads)", usable_cores()));
  line("memory", fmt::format("{:.1f} GiB, {:.1f} GiB available", static_cast<double>(physical_memory()) / kGiB,
                             available_memory_gib()));
  line("disk here", fmt::format("{:.1f} GiB free", free_disk_gib()));
  for (const std::string& device : devices()) line("device", device);
  line("libraries", library_versions());
  const std::vector<std::string> lines = advice();
  text += lines.empty() ? "nothing is missing\n" : "to do\n";
  for (const std::string& todo : lines) text += fmt::format("  - {}\n", todo);
  print(text);
  return kDone;
}

}  // namespace posecu
