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
    std::shared_ptr<void>& state = states_[typeid(State)];
    if (!state) state = std::make_shared<State>(context);
    return *static_cast<State*>(state.get());
  }

  // A network sets it for the time that it computes.
  FloatProducts float_products() const { return float_products_; }
  void set_float_products(FloatProducts products) { float_products_ = products; }

 private:
  std::map<std::type_index, std::shared_ptr<void>> states_;
  FloatProducts float_products_ = FloatProducts::exact;
};

}  // namespace posecu
