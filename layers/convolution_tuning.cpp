#include "layers/convolution_tuning.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/file.h"

namespace posecu {
namespace {

using nlohmann::json;

constexpr int kRepeats = 7;           // runs of an engine, of which the median counts
constexpr double kHopeless = 3;       // times the best: one run is enough to know
constexpr double kWorthwhile = 0.97;  // of the time before

// Zeros for an operation's tensors. Their types differ, their sizes are those of floats at most.
struct Operands {
  Operands(Context& context, const CudnnOperation& o) {
    const auto& [in, out, kernel, stride, padding] = o.sizes;
    const int height = (o.h + 2 * padding - kernel) / stride + 1, width = (o.w + 2 * padding - kernel) / stride + 1;
    x = context.tensor<float>({o.n, o.h, o.w, in}, MemoryClass::workspace);
    y = context.tensor<float>({o.n, height, width, out}, MemoryClass::workspace);
    weights = context.tensor<float>({out, kernel, kernel, in}, MemoryClass::workspace);
    for (const Tensor<float>* tensor : {&x, &y, &weights}) context.fill_zero(tensor->view());
    tensors = {.x = x.data(), .weights = weights.data(), .y = y.data()};
    if (o.epilogue == Epilogue::add || o.epilogue == Epilogue::add_relu) tensors.sum = y.data();
    if (o.bias == Bias::no) return;
    bias = context.tensor<float>({out}, MemoryClass::workspace);
    context.fill_zero(bias.view());
    tensors.bias = bias.data();
  }

  Tensor<float> x, y, weights, bias;
  CudnnTensors tensors;
};

TunedPlan tune(Context& context, const CudnnOperation& operation, const MeasurePlan& measure) {
  ConvolutionPlans& plans = convolution_plans(context);
  const Operands operands(context, operation);
  const auto time = [&](const CudnnPlan& plan, double hopeless) {
    const auto floats = static_cast<int>(plan.workspace() / sizeof(float) + 1);
    const auto workspace = context.tensor<float>({floats}, MemoryClass::workspace);
    const double once = measure(plan, operands.tensors, workspace.data(), 1);
    return once > hopeless ? once : measure(plan, operands.tensors, workspace.data(), kRepeats);
  };
  const std::string before = plans.get(operation).engine();
  TunedPlan best{.operation = to_string(operation), .engine = before, .measured = 1};
  best.ms = best.default_ms = time(plans.get(operation), std::numeric_limits<double>::infinity());
  for (const std::string& engine : plans.cudnn().engines(operation)) {
    if (engine == before) continue;
    const auto found = plans.cudnn().find(operation, engine);
    if (found.plan == nullptr) continue;
    ++best.measured;
    const double ms = time(*found.plan, kHopeless * best.ms);
    if (ms < best.ms && ms < kWorthwhile * best.default_ms) best.ms = ms, best.engine = engine;
  }
  if (best.engine != before) plans.choose(operation, best.engine);
  return best;
}

json read_cache(const std::string& path) {
  if (!std::filesystem::exists(path)) return json::object();
  json cache = json::parse(read_text_file(path), nullptr, false);
  if (!cache.is_object()) throw InputError(path, "", "not a file of convolution plans\n  try: delete it");
  return cache;
}

}  // namespace

std::vector<TunedPlan> tune_plans(Context& context) {
  return tune_plans(context, [&](const CudnnPlan& plan, const CudnnTensors& tensors, void* workspace, int repeats) {
    return plan.measure(context.stream(), tensors, workspace, repeats);
  });
}

std::vector<TunedPlan> tune_plans(Context& context, const MeasurePlan& measure) {
  ConvolutionPlans& plans = convolution_plans(context);
  std::vector<TunedPlan> result;
  for (const CudnnOperation& operation : plans.operations()) {
    if (plans.find(operation) != nullptr) result.push_back(tune(context, operation, measure));
  }
  return result;
}

std::string default_plan_cache() {
  std::filesystem::path folder;
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0') {
    folder = cache;
  } else if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    folder = std::filesystem::path(home) / ".cache";
  } else {
    throw MachineError("no folder to keep measured plans in: neither XDG_CACHE_HOME nor HOME is set");
  }
  return folder / "posecu" / "convolution_plans.json";
}

void write_plan_cache(const std::string& path, const TunedFor& target, const std::vector<TunedPlan>& plans) {
  static_cast<void>(read_plan_cache(path, target));  // throws where the file's part for the target is none
  json cache = read_cache(path);
  for (const TunedPlan& plan : plans) {
    cache[target.device][target.cudnn][plan.operation] = {{"engine", plan.engine}, {"ms", plan.ms}};
  }
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) make_folder(folder.string());
  write_file_atomically(path, cache.dump(1) + "\n");
}

std::string read_plan_cache(const std::string& path, const TunedFor& target) {
  const json cache = read_cache(path);
  std::string description;
  try {
    const auto& devices = cache.get_ref<const json::object_t&>();
    const auto device = devices.find(target.device);
    if (device == devices.end()) return {};
    const auto& versions = device->second.get_ref<const json::object_t&>();
    const auto version = versions.find(target.cudnn);
    if (version == versions.end()) return {};
    for (const auto& [operation, plan] : version->second.get_ref<const json::object_t&>()) {
      description += fmt::format("{}: {}\n", operation, plan.at("engine").get<std::string>());
    }
  } catch (const json::exception&) {
    throw InputError(path, target.device, "not as measured plans are written\n  try: delete the file");
  }
  return description;
}

std::string require_plan_cache(const std::string& path, const TunedFor& target) {
  std::string description = read_plan_cache(path, target);
  if (!description.empty()) return description;
  const json cache = read_cache(path);
  std::vector<std::string> others;
  for (const auto& [device, versions] : cache.items())
    for (const auto& [version, plans] : versions.items())
      others.push_back(fmt::format("{}, cuDNN {}", device, version));
  throw InputError(
      path, "",
      fmt::format("no engines measured on {}, cuDNN {}{}\n  try: posecu bench CONFIG --tune", target.device,
                  target.cudnn, others.empty() ? "" : fmt::format("; only {}", fmt::join(others, "; "))));
}

}  // namespace posecu
