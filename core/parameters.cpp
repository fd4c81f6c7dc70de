#include "core/parameters.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/random.h"

namespace posecu {
namespace {

constexpr std::size_t kAlignElements = 64;  // 256 bytes

std::size_t padded(std::size_t elements) { return (elements + kAlignElements - 1) / kAlignElements * kAlignElements; }

Tensor<float> zeroed(Context& context, std::size_t elements, MemoryClass memory_class) {
  require(elements <= std::size_t{1} << 30, "more than 2^30 parameters");
  auto buffer = context.tensor<float>({static_cast<int>(elements)}, memory_class);
  context.fill_zero(buffer.view());
  return buffer;
}

}  // namespace

Parameter& Parameters::add(std::string name, Shape shape, ParameterRole role, InitialValue initial) {
  require(trained_.empty() && statistics_.empty(), "a parameter was added after allocate()");
  require(!by_name_.contains(name), fmt::format("two parameters are called {}", name));
  Parameter& parameter = all_.emplace_back(Parameter{std::move(name), shape, role, initial, {}, {}});
  by_name_.emplace(parameter.name, &parameter);
  return parameter;
}

void Parameters::allocate(Context& context, Gradients gradients) {
  context_ = &context;
  std::size_t trained = 0, statistics = 0;
  for (const Parameter& parameter : all_) {
    (parameter.role == ParameterRole::trained ? trained : statistics) += padded(parameter.shape.elements());
  }
  trained_ = zeroed(context, trained, MemoryClass::weights);
  statistics_ = zeroed(context, statistics, MemoryClass::weights);
  if (gradients == Gradients::allocate) gradients_ = zeroed(context, trained, MemoryClass::gradients);

  trained = statistics = 0;
  for (Parameter& parameter : all_) {
    const bool is_trained = parameter.role == ParameterRole::trained;
    std::size_t& offset = is_trained ? trained : statistics;
    parameter.value = {(is_trained ? trained_ : statistics_).data() + offset, parameter.shape};
    if (is_trained && !gradients_.empty()) parameter.gradient = {gradients_.data() + offset, parameter.shape};
    offset += padded(parameter.shape.elements());
  }
}

std::vector<float> Parameters::get(const Parameter& parameter) const {
  return context_->download<float>(parameter.value);
}

void Parameters::set(const Parameter& parameter, std::span<const float> values) {
  context_->upload(parameter.value, values);
}

void Parameters::initialise(std::uint64_t seed) {
  std::vector<float> values;
  for (const Parameter& parameter : all_) {
    values.assign(parameter.shape.elements(), parameter.initial == InitialValue::one ? 1.F : 0.F);
    if (parameter.initial == InitialValue::normal_0_001) {
      Random random(seed, 0, hash_name(parameter.name), RandomPurpose::weights);
      for (float& value : values) value = static_cast<float>(0.001 * random.normal());
    }
    set(parameter, values);
  }
}

void Parameters::clear_gradients() {
  if (!gradients_.empty()) context_->fill_zero(gradients_.view());
}

Parameter* Parameters::find(std::string_view name) {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? nullptr : found->second;
}

const Parameter* Parameters::find(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? nullptr : found->second;
}

std::size_t Parameters::trained_elements() const {
  std::size_t sum = 0;
  for (const Parameter& parameter : all_) {
    if (parameter.role == ParameterRole::trained) sum += parameter.shape.elements();
  }
  return sum;
}

}  // namespace posecu
