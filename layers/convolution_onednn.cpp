#include "layers/convolution_onednn.h"

#include <fmt/format.h>

#include <deque>
#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace posecu {
namespace {

using dnnl::memory;
using MemoryTag = memory::format_tag;
using Operands = std::initializer_list<std::pair<int, const float*>>;

// Calls oneDNN. What it cannot do (no memory, an unknown processor) is the machine's fault.
template <class Call>
auto checked(const Call& call) {
  try {
    return call();
  } catch (const dnnl::error& error) {
    throw MachineError(fmt::format("oneDNN failed: {} (status {})", error.message, static_cast<int>(error.status)));
  }
}

memory::desc layout(const memory::dims& sizes, MemoryTag tag) { return {sizes, memory::data_type::f32, tag}; }

memory::desc nhwc(const Shape& shape) { return layout({shape[0], shape[3], shape[1], shape[2]}, MemoryTag::nhwc); }

Tensor<float> scratch(Context& context, std::size_t bytes) {
  return context.tensor<float>({static_cast<int>((bytes + sizeof(float) - 1) / sizeof(float))}, MemoryClass::workspace);
}

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr result;
  result.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return result;
}

dnnl::primitive_attr attributes(Epilogue epilogue) {
  dnnl::post_ops post_ops;
  if (epilogue == Epilogue::add || epilogue == Epilogue::add_relu) post_ops.append_sum(1.F);
  if (epilogue == Epilogue::relu || epilogue == Epilogue::add_relu) {
    post_ops.append_eltwise(1.F, dnnl::algorithm::eltwise_relu, 0.F, 0.F);
  }
  dnnl::primitive_attr result = user_scratchpad();
  result.set_post_ops(post_ops);
  return result;
}

// One oneDNN primitive and the memories it works on; operands without layout, later without data, are left out. Its
// code is generated at the first run, so that a dry run, which needs the sizes only, is quick.
class Step {
 public:
  Step() = default;
  Step(dnnl::primitive_desc_base description, const dnnl::engine& engine,
       std::initializer_list<std::pair<int, memory::desc>> operands)
      : description_(std::move(description)), scratch_bytes_(description_.scratchpad_desc().get_size()) {
    for (const auto& [role, desc] : operands) {
      if (desc) memories_.emplace(role, memory(desc, engine, nullptr));
    }
    if (scratch_bytes_ > 0) {
      memories_.emplace(DNNL_ARG_SCRATCHPAD, memory(description_.scratchpad_desc(), engine, nullptr));
    }
  }

  void run(Context& context, const dnnl::stream& stream, Operands operands) {
    Tensor<float> scratchpad;
    if (scratch_bytes_ > 0) scratchpad = scratch(context, scratch_bytes_);
    if (context.dry_run()) return;
    checked([&] {
      if (!primitive_) primitive_ = dnnl::primitive(description_.get());
      for (const auto& [role, data] : operands) {
        if (data != nullptr) memories_.at(role).set_data_handle(const_cast<float*>(data));
      }
      if (scratch_bytes_ > 0) memories_.at(DNNL_ARG_SCRATCHPAD).set_data_handle(scratchpad.data());
      primitive_.execute(stream, memories_);
      dnnl::stream(stream).wait();
      return 0;
    });
  }

 private:
  dnnl::primitive_desc_base description_;
  dnnl::primitive primitive_;
  std::unordered_map<int, memory> memories_;
  std::size_t scratch_bytes_ = 0;
};

// Plans that a convolution keeps, about 50 kB each: evaluation meets as many shapes as there are pictures' proportions.
constexpr std::size_t kMaxPlans = 40;

enum class Direction { forward, backward_data, backward_weights };

// A direction for one shape of x: the weights' layout that oneDNN wants there, the way to it (backward_weights: from
// it), and the computation.
struct Plan {
  memory::desc weights;
  Step reorder, compute;
};

// Weights in oneDNN's layout, kept from one call to the next.
struct Packed {
  memory::desc layout;
  Tensor<float> values;
  bool valid = false;
};

}  // namespace

struct OneDnnConvolution::Impl {
  explicit Impl(const ConvolutionSizes& s) : sizes(s) {}

  Plan& plan(Direction direction, const Shape& x, const Shape& y, Epilogue epilogue, Bias bias);
  Plan make_forward(const Shape& x, const Shape& y, Epilogue epilogue, Bias bias) const;
  Plan make_backward_data(const Shape& x, const Shape& y) const;
  Plan make_backward_weights(const Shape& x, const Shape& y, Bias bias) const;
  dnnl::convolution_forward::primitive_desc describe_forward(const Shape& x, const Shape& y, Epilogue epilogue,
                                                             Bias bias) const;

  Tensor<float> pack(Context& context, Plan& plan, View<const float> weight);
  const float* pack_frozen(Context& context, Plan& plan, const FrozenWeights& weights);

  memory::desc oihw() const { return layout({sizes.out, sizes.in, sizes.kernel, sizes.kernel}, MemoryTag::oihw); }
  memory::desc any_weights() const { return layout({sizes.out, sizes.in, sizes.kernel, sizes.kernel}, MemoryTag::any); }
  memory::desc bias_layout(Bias bias) const {
    return bias == Bias::yes ? layout({sizes.out}, MemoryTag::x) : memory::desc();
  }
  memory::dims strides() const { return {sizes.stride, sizes.stride}; }
  memory::dims padding() const { return {sizes.padding, sizes.padding}; }

  using Key = std::tuple<Direction, Epilogue, Bias, int, int, int>;  // ..., N, H, W of x
  ConvolutionSizes sizes;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::map<Key, Plan> plans;
  std::deque<Packed> packed;
};

dnnl::convolution_forward::primitive_desc OneDnnConvolution::Impl::describe_forward(const Shape& x, const Shape& y,
                                                                                    Epilogue epilogue,
                                                                                    Bias bias) const {
  using Forward = dnnl::convolution_forward;
  const Forward::desc wanted(dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, nhwc(x),
                             any_weights(), bias_layout(bias), nhwc(y), strides(), padding(), padding());
  return {wanted, attributes(epilogue), engine};
}

Plan OneDnnConvolution::Impl::make_forward(const Shape& x, const Shape& y, Epilogue epilogue, Bias bias) const {
  const auto description = describe_forward(x, y, epilogue, bias);
  Plan result{description.weights_desc(), {}, {}};
  result.reorder = Step(dnnl::reorder::primitive_desc(engine, oihw(), engine, result.weights, user_scratchpad()),
                        engine, {{DNNL_ARG_FROM, oihw()}, {DNNL_ARG_TO, result.weights}});
  result.compute = Step(description, engine,
                        {{DNNL_ARG_SRC, nhwc(x)},
                         {DNNL_ARG_WEIGHTS, result.weights},
                         {DNNL_ARG_BIAS, bias_layout(bias)},
                         {DNNL_ARG_DST, nhwc(y)}});
  return result;
}

Plan OneDnnConvolution::Impl::make_backward_data(const Shape& x, const Shape& y) const {
  using Backward = dnnl::convolution_backward_data;
  const Backward::desc wanted(dnnl::algorithm::convolution_direct, nhwc(x), any_weights(), nhwc(y), strides(),
                              padding(), padding());
  const Backward::primitive_desc description(wanted, user_scratchpad(), engine,
                                             describe_forward(x, y, Epilogue::none, Bias::no));
  Plan result{description.weights_desc(), {}, {}};
  result.reorder = Step(dnnl::reorder::primitive_desc(engine, oihw(), engine, result.weights, user_scratchpad()),
                        engine, {{DNNL_ARG_FROM, oihw()}, {DNNL_ARG_TO, result.weights}});
  result.compute =
      Step(description, engine,
           {{DNNL_ARG_DIFF_SRC, nhwc(x)}, {DNNL_ARG_WEIGHTS, result.weights}, {DNNL_ARG_DIFF_DST, nhwc(y)}});
  return result;
}

Plan OneDnnConvolution::Impl::make_backward_weights(const Shape& x, const Shape& y, Bias bias) const {
  using Backward = dnnl::convolution_backward_weights;
  const Backward::desc wanted(dnnl::algorithm::convolution_direct, nhwc(x), any_weights(), bias_layout(bias), nhwc(y),
                              strides(), padding(), padding());
  const Backward::primitive_desc description(wanted, user_scratchpad(), engine,
                                             describe_forward(x, y, Epilogue::none, bias));
  Plan result{description.diff_weights_desc(), {}, {}};
  dnnl::post_ops add_to_gradient;
  add_to_gradient.append_sum(1.F);
  dnnl::primitive_attr adding = user_scratchpad();
  adding.set_post_ops(add_to_gradient);
  result.reorder = Step(dnnl::reorder::primitive_desc(engine, result.weights, engine, oihw(), adding), engine,
                        {{DNNL_ARG_FROM, result.weights}, {DNNL_ARG_TO, oihw()}});
  result.compute = Step(description, engine,
                        {{DNNL_ARG_SRC, nhwc(x)},
                         {DNNL_ARG_DIFF_WEIGHTS, result.weights},
                         {DNNL_ARG_DIFF_BIAS, bias_layout(bias)},
                         {DNNL_ARG_DIFF_DST, nhwc(y)}});
  return result;
}

Plan& OneDnnConvolution::Impl::plan(Direction direction, const Shape& x, const Shape& y, Epilogue epilogue, Bias bias) {
  const Key key{direction, epilogue, bias, x[0], x[1], x[2]};
  if (const auto found = plans.find(key); found != plans.end()) return found->second;
  if (plans.size() >= kMaxPlans) plans.clear();
  Plan made = checked([&] {
    switch (direction) {
      case Direction::forward:
        return make_forward(x, y, epilogue, bias);
      case Direction::backward_data:
        return make_backward_data(x, y);
      default:
        return make_backward_weights(x, y, bias);
    }
  });
  return plans.emplace(key, std::move(made)).first->second;
}

Tensor<float> OneDnnConvolution::Impl::pack(Context& context, Plan& plan, View<const float> weight) {
  auto result = scratch(context, plan.weights.get_size());
  plan.reorder.run(context, stream, {{DNNL_ARG_FROM, weight.data()}, {DNNL_ARG_TO, result.data()}});
  return result;
}

const float* OneDnnConvolution::Impl::pack_frozen(Context& context, Plan& plan, const FrozenWeights& weights) {
  auto place = packed.begin();
  while (place != packed.end() && place->layout != plan.weights) ++place;
  if (place == packed.end()) {
    const auto elements = static_cast<int>(plan.weights.get_size() / sizeof(float));
    packed.push_back({plan.weights, context.tensor<float>({elements}, MemoryClass::weights), false});
    place = packed.end() - 1;
  }
  if (place->valid) return place->values.data();

  Tensor<float> scaled;
  if (!weights.scale.empty()) {
    scaled = scratch(context, weights.weight.elements() * sizeof(float));
    const std::size_t row = weights.weight.elements() / static_cast<std::size_t>(sizes.out);
    for (std::size_t i = 0; i < weights.weight.elements() && !context.dry_run(); ++i) {
      scaled.data()[i] = weights.weight.data()[i] * weights.scale.data()[i / row];
    }
  }
  plan.reorder.run(
      context, stream,
      {{DNNL_ARG_FROM, scaled.empty() ? weights.weight.data() : scaled.data()}, {DNNL_ARG_TO, place->values.data()}});
  place->valid = true;
  return place->values.data();
}

OneDnnConvolution::OneDnnConvolution(const ConvolutionSizes& sizes) : impl_(std::make_unique<Impl>(sizes)) {}
OneDnnConvolution::~OneDnnConvolution() = default;
OneDnnConvolution::OneDnnConvolution(OneDnnConvolution&&) noexcept = default;
OneDnnConvolution& OneDnnConvolution::operator=(OneDnnConvolution&&) noexcept = default;

void OneDnnConvolution::forward(Context& context, View<float> y, View<const float> x, View<const float> weight,
                                View<const float> bias) {
  Plan& plan =
      impl_->plan(Direction::forward, x.shape(), y.shape(), Epilogue::none, bias.empty() ? Bias::no : Bias::yes);
  const auto packed = impl_->pack(context, plan, weight);
  plan.compute.run(context, impl_->stream,
                   {{DNNL_ARG_SRC, x.data()},
                    {DNNL_ARG_WEIGHTS, packed.data()},
                    {DNNL_ARG_BIAS, bias.data()},
                    {DNNL_ARG_DST, y.data()}});
}

void OneDnnConvolution::backward_data(Context& context, View<float> dx, View<const float> dy,
                                      View<const float> weight) {
  Plan& plan = impl_->plan(Direction::backward_data, dx.shape(), dy.shape(), Epilogue::none, Bias::no);
  const auto packed = impl_->pack(context, plan, weight);
  plan.compute.run(context, impl_->stream,
                   {{DNNL_ARG_DIFF_SRC, dx.data()}, {DNNL_ARG_WEIGHTS, packed.data()}, {DNNL_ARG_DIFF_DST, dy.data()}});
}

void OneDnnConvolution::backward_weights(Context& context, View<float> dweight, View<float> dbias, View<const float> x,
                                         View<const float> dy) {
  Plan& plan = impl_->plan(Direction::backward_weights, x.shape(), dy.shape(), Epilogue::none,
                           dbias.empty() ? Bias::no : Bias::yes);
  const auto fresh = scratch(context, plan.weights.get_size());
  const auto fresh_bias = dbias.empty() ? Tensor<float>() : scratch(context, dbias.elements() * sizeof(float));
  plan.compute.run(context, impl_->stream,
                   {{DNNL_ARG_SRC, x.data()},
                    {DNNL_ARG_DIFF_WEIGHTS, fresh.data()},
                    {DNNL_ARG_DIFF_BIAS, fresh_bias.data()},
                    {DNNL_ARG_DIFF_DST, dy.data()}});
  for (std::size_t i = 0; i < dbias.elements() && !context.dry_run(); ++i) dbias.data()[i] += fresh_bias.data()[i];
  plan.reorder.run(context, impl_->stream, {{DNNL_ARG_FROM, fresh.data()}, {DNNL_ARG_TO, dweight.data()}});
}

void OneDnnConvolution::forward_frozen(Context& context, View<float> y, View<const float> x,
                                       const FrozenWeights& weights, Epilogue epilogue) {
  Plan& plan =
      impl_->plan(Direction::forward, x.shape(), y.shape(), epilogue, weights.bias.empty() ? Bias::no : Bias::yes);
  const float* packed = impl_->pack_frozen(context, plan, weights);
  plan.compute.run(context, impl_->stream,
                   {{DNNL_ARG_SRC, x.data()},
                    {DNNL_ARG_WEIGHTS, packed},
                    {DNNL_ARG_BIAS, weights.bias.data()},
                    {DNNL_ARG_DST, y.data()}});
}

void OneDnnConvolution::backward_data_frozen(Context& context, View<float> dx, View<const float> dy,
                                             View<const float> weight) {
  Plan& plan = impl_->plan(Direction::backward_data, dx.shape(), dy.shape(), Epilogue::none, Bias::no);
  const float* packed = impl_->pack_frozen(context, plan, {weight, {}, {}});
  plan.compute.run(context, impl_->stream,
                   {{DNNL_ARG_DIFF_SRC, dx.data()}, {DNNL_ARG_WEIGHTS, packed}, {DNNL_ARG_DIFF_DST, dy.data()}});
}

void OneDnnConvolution::thaw() {
  for (Packed& weights : impl_->packed) weights.valid = false;
}

}  // namespace posecu
