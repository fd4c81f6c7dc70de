#include "apps/device.h"

#include <fmt/format.h>

#include "core/cuda.h"
#include "core/cuda_checks.h"
#include "core/error.h"
#include "layers/convolution_tuning.h"

namespace posecu {
namespace {

constexpr int kMaxThreads = 1024;

// "cuda" or "cuda:i" -> i
int device_index(const std::string& device) {
  if (device != "cuda" && !device.starts_with("cuda:"))
    throw UsageError(fmt::format("--device {}: expected auto, cpu or cuda[:i]", device));
  return device == "cuda" ? 0 : static_cast<int>(whole_number("--device", device.substr(5), 0, kMaxThreads));
}

std::string describe_cpu(const ContextOptions& options) {
  return fmt::format("cpu, {} threads", options.threads > 0 ? options.threads : usable_cores());
}

// The first GPU, or the CPU where there is none; says which, and why.
void choose_device(ContextOptions& options, Chatter chatter) {
  if (!cuda_built()) return say(chatter, fmt::format("device: {}\n", describe_cpu(options)));
  try {
    const std::vector<CudaDeviceInfo> devices = cuda_devices();
    check_device(devices, 0);
    say(chatter, fmt::format("device: cuda:0, {}\n", devices.front().name));
    options.device = DeviceKind::cuda;
  } catch (const MachineError& error) {
    const std::string_view text = error.what();
    say(chatter, fmt::format("device: {} ({})\n", describe_cpu(options), text.substr(0, text.find(';'))));
  }
}

}  // namespace

ContextOptions context_options(const Arguments& arguments) {
  const std::string device = arguments.value("--device").value_or("auto");
  ContextOptions options;
  options.graphs = !arguments.given("--no-graph");
  if (const auto threads = arguments.value("--threads"))
    options.threads = static_cast<int>(whole_number("--threads", *threads, 1, kMaxThreads));
  if (device == "auto") {
    choose_device(options, chatter(arguments));
  } else if (device != "cpu") {
    options.device_index = device_index(device);
    options.device = DeviceKind::cuda;
    cuda_devices();  // throws where there is none
  }
  return options;
}

std::string tuned_plans(Context& context, const Arguments& arguments) {
  if (!arguments.given("--tuned")) return {};
  if (context.device() == DeviceKind::cpu)
    throw UsageError("--tuned: engines are measured for GPUs, and this would run on the CPU");
  const ConvolutionPlans& plans = convolution_plans(context);
  return require_plan_cache(default_plan_cache(), {plans.device(), plans.cudnn().version()});
}

void take_tuned_plans(Context& context, const Arguments& arguments) {
  if (const std::string plans = tuned_plans(context, arguments); !plans.empty())
    convolution_plans(context).restore(plans, default_plan_cache());
}

Chatter chatter(const Arguments& arguments) { return arguments.given("--quiet") ? Chatter::quiet : Chatter::normal; }

}  // namespace posecu
