// What the device's libraries (cuDNN) keep for a context: handles, plans, and how they multiply floats.
#pragma once

#include <map>
#include <memory>
#include <typeindex>

namespace posecu {

class Context;

enum class FloatProducts { exact, tf32 };  // tf32: 10 bits of mantissa, on tensor cores

class Libraries {
 public:
  // The context's State, made from State(context) at the first call. It is gone before the context's memory and device.
  template <class State>
  State& get(Context& context) {
    Owned& state = states_.try_emplace(typeid(State), nullptr, nullptr).first->second;
    if (!state) state = {new State(context), [](void* made) { delete static_cast<State*>(made); }};
    return *static_cast<State*>(state.get());
  }

  // A network sets it for the time that it computes.
  FloatProducts float_products() const { return float_products_; }
  void set_float_products(FloatProducts products) { float_products_ = products; }

 private:
  using Owned = std::unique_ptr<void, void (*)(void*)>;

  std::map<std::type_index, Owned> states_;
  FloatProducts float_products_ = FloatProducts::exact;
};

}  // namespace posecu
