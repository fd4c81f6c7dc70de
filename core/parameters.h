// A network's parameters: named views into a few flat buffers, so that one kernel updates all and one write saves all.
// The buffers are the device's: the host reads and writes values by get() and set().
//
// Layers register what they need while the network is built; allocate() then gives every parameter its place. Names,
// shapes and layouts are PyTorch's state-dict ones ("backbone.conv1.weight", [64,3,3,3] = [out,in,height,width]).
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/context.h"

namespace posecu {

enum class ParameterRole {
  trained,           // has a gradient and is updated by the optimiser
  running_statistic  // batch norm's mean and variance: saved, not trained
};

// How a fresh parameter is filled (official: convolutions normal(0, 0.001), biases 0, batch norm 1 and 0).
enum class InitialValue { zero, one, normal_0_001 };

struct Parameter {
  std::string name;
  Shape shape;
  ParameterRole role;
  InitialValue initial;
  View<float> value;     // set by Parameters::allocate
  View<float> gradient;  // likewise; empty for running statistics and where no gradients were asked for
};

class Parameters {
 public:
  enum class Gradients { none, allocate };

  // The reference stays valid as long as this object lives. Throws std::logic_error on a name that is taken.
  Parameter& add(std::string name, Shape shape, ParameterRole role, InitialValue initial);

  // Gives all registered parameters their memory; once, after the last add(). `context` must outlive this object.
  void allocate(Context& context, Gradients gradients);
  Context& context() const { return *context_; }  // that allocate() was given

  std::vector<float> get(const Parameter& parameter) const;
  void set(const Parameter& parameter, std::span<const float> values);

  // Fills every parameter with its initial value; a draw depends on seed, name and element only.
  void initialise(std::uint64_t seed);

  void clear_gradients();

  Parameter* find(std::string_view name);  // null: no such name
  const Parameter* find(std::string_view name) const;
  const std::deque<Parameter>& all() const { return all_; }
  std::deque<Parameter>& all() { return all_; }

  // The flat buffers, in order of registration. Every parameter begins at a multiple of 64 elements; gaps hold 0.
  View<float> trained() const { return trained_.view(); }
  View<float> gradients() const { return gradients_.view(); }
  View<float> running_statistics() const { return statistics_.view(); }
  std::size_t trained_elements() const;  // without the gaps: weights and biases, as papers count parameters

 private:
  Context* context_ = nullptr;
  std::deque<Parameter> all_;
  std::unordered_map<std::string, Parameter*> by_name_;
  Tensor<float> trained_, gradients_, statistics_;
};

}  // namespace posecu
