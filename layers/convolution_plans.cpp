#include "layers/convolution_plans.h"

#include <fmt/format.h>

#include <utility>

#include "core/cuda.h"
#include "layers/gpu_properties.h"

namespace posecu {
namespace {

// In a description.
constexpr std::string_view kOrigin = "# ";
constexpr std::string_view kNoEngine = "none";  // the fused form is done in two steps

std::string first_gpu() {
  try {
    return cuda_devices().front().name;
  } catch (const MachineError&) {
    return {};  // none: a dry run needs none
  }
}

}  // namespace

ConvolutionPlans::ConvolutionPlans(Context& context) {
  if (context.cuda() != nullptr) {
    device_ = context.cuda()->info().name;
    cudnn_ = std::make_unique<Cudnn>();
  } else if (device_ = first_gpu(); !device_.empty()) {
    cudnn_ = std::make_unique<Cudnn>(0);
  } else {
    const GpuProperties gpu = h100_properties();
    device_ = gpu.name;
    cudnn_ = std::make_unique<Cudnn>(gpu.json);
  }
}

ConvolutionPlans::Key ConvolutionPlans::key_of(const CudnnOperation& o) {
  return {static_cast<int>(o.direction),
          static_cast<int>(o.precision),
          static_cast<int>(o.bias),
          static_cast<int>(o.epilogue),
          o.n,
          o.h,
          o.w,
          o.sizes.in,
          o.sizes.out,
          o.sizes.kernel,
          o.sizes.stride,
          o.sizes.padding};
}

Cudnn::Found ConvolutionPlans::make(const CudnnOperation& operation) {
  const auto wanted = wanted_.find(to_string(operation));
  if (wanted == wanted_.end()) return cudnn_->find(operation);
  if (wanted->second == kNoEngine) return {nullptr, "done in two steps before"};
  Cudnn::Found found = cudnn_->find(operation, wanted->second);
  if (found.plan != nullptr) return found;
  missing_.push_back(wanted->first);
  return cudnn_->find(operation);
}

const ConvolutionPlans::Entry& ConvolutionPlans::entry(const CudnnOperation& operation) {
  const Key key = key_of(operation);
  const auto found = entries_.find(key);
  if (found != entries_.end()) return found->second;
  return entries_.emplace(key, Entry{operation, make(operation)}).first->second;
}

const CudnnPlan* ConvolutionPlans::find(const CudnnOperation& operation) { return entry(operation).found.plan.get(); }

const CudnnPlan& ConvolutionPlans::get(const CudnnOperation& operation) {
  const Cudnn::Found& found = entry(operation).found;
  if (found.plan == nullptr) {
    throw MachineError(fmt::format("cuDNN {} has no engine on {} for: {}\n  {}", cudnn_->version(), device_,
                                   to_string(operation), found.problem));
  }
  return *found.plan;
}

std::vector<CudnnOperation> ConvolutionPlans::operations() const {
  std::vector<CudnnOperation> result;
  for (const auto& [key, entry] : entries_) result.push_back(entry.operation);
  return result;
}

std::string ConvolutionPlans::origin() const { return fmt::format("{}, cuDNN {}", device_, cudnn_->version()); }

std::string ConvolutionPlans::describe() const {
  auto engines = wanted_;
  for (const auto& [key, entry] : entries_) {
    engines[to_string(entry.operation)] = entry.found.plan != nullptr ? entry.found.plan->engine() : kNoEngine;
  }
  std::string result = fmt::format("{}{}\n", kOrigin, origin());
  for (const auto& [operation, engine] : engines) result += fmt::format("{}: {}\n", operation, engine);
  return result;
}

void ConvolutionPlans::restore(std::string_view description, const std::string& source) {
  for (int number = 1; !description.empty(); ++number) {
    const std::string_view line = description.substr(0, description.find('\n'));
    description.remove_prefix(std::min(line.size() + 1, description.size()));
    if (line.empty() || line.starts_with('#')) continue;
    const auto colon = line.rfind(": ");
    if (colon == std::string_view::npos) {
      throw InputError(source, fmt::format("line {}", number),
                       fmt::format("expected OPERATION: ENGINE, found '{}'", line));
    }
    wanted_[std::string(line.substr(0, colon))] = line.substr(colon + 2);
  }
}

void ConvolutionPlans::choose(const CudnnOperation& operation, const std::string& engine) {
  Cudnn::Found found = cudnn_->find(operation, engine);
  require(found.plan != nullptr, "an engine was chosen that cannot be built: " + found.problem);
  entries_.insert_or_assign(key_of(operation), Entry{operation, std::move(found)});
}

ConvolutionPlans& convolution_plans(Context& context) { return context.libraries().get<ConvolutionPlans>(context); }

std::string origin_of_plans(std::string_view description) {
  if (!description.starts_with(kOrigin)) return {};
  return std::string(description.substr(kOrigin.size(), description.find('\n') - kOrigin.size()));
}

}  // namespace posecu
