#include "models/hrnet.h"

#include <span>
#include <utility>

#include "layers/elementwise.h"

namespace posecu {
namespace {

constexpr int kStem = 64;                              // channels
constexpr int kLayer1 = kStem * kBottleneckExpansion;  // channels

template <class T>
std::vector<Bottleneck<T>> make_layer1(Parameters& parameters, const std::string& name, int blocks) {
  std::vector<Bottleneck<T>> result;
  for (int i = 0; i < blocks; ++i) {
    result.emplace_back(parameters, name + "." + std::to_string(i), i == 0 ? kStem : kLayer1, kStem);
  }
  return result;
}

template <class T>
ConvBn<T> make_transition(Parameters& parameters, const std::string& name, int in, int out, int stride) {
  return {parameters, name + ".0", name + ".1", {in, out, 3, stride, 1}, Activation::relu};
}

// Branches are views or tensors.
template <class T, class Branches>
void observe_branches(const TypedObserver<T>& observe, const std::string& stage, const Branches& branches) {
  for (std::size_t i = 0; observe && i < branches.size(); ++i) {
    observe(stage + ".branch" + std::to_string(i), branches[i]);
  }
}

// The gradient of the lowest branch gets what comes back through the transition that made `dnew`'s branch from it.
template <class T>
void join_transition(Context& context, ConvBn<T>& transition, std::vector<Tensor<T>>& gradients) {
  Tensor<T> dnew = std::move(gradients.back());
  gradients.pop_back();
  const auto more = transition.backward(context, std::move(dnew));
  add_to<T>(context, gradients.back(), more);
}

}  // namespace

template <class T>
HrNet<T>::HrNet(Parameters& parameters, const std::string& name, const HrNetOptions& options)
    : channels_{options.width, 2 * options.width, 4 * options.width, 8 * options.width},
      conv1_(parameters, name + ".conv1", name + ".bn1", {3, kStem, 3, 2, 1}, Activation::relu),
      conv2_(parameters, name + ".conv2", name + ".bn2", {kStem, kStem, 3, 2, 1}, Activation::relu),
      layer1_(make_layer1<T>(parameters, name + ".layer1", options.blocks)),
      transition1_first_(make_transition<T>(parameters, name + ".transition1.0", kLayer1, channels_[0], 1)),
      transition1_second_(make_transition<T>(parameters, name + ".transition1.1.0", kLayer1, channels_[1], 2)),
      stage2_(parameters, name + ".stage2", std::span(channels_).first(2), options.blocks, options.modules[0],
              HrStage<T>::Outputs::all),
      transition2_(make_transition<T>(parameters, name + ".transition2.2.0", channels_[1], channels_[2], 2)),
      stage3_(parameters, name + ".stage3", std::span(channels_).first(3), options.blocks, options.modules[1],
              HrStage<T>::Outputs::all),
      transition3_(make_transition<T>(parameters, name + ".transition3.3.0", channels_[2], channels_[3], 2)),
      stage4_(parameters, name + ".stage4", channels_, options.blocks, options.modules[2], HrStage<T>::Outputs::first) {
}

template <class T>
View<const T> HrNet<T>::forward_training(Context& context, View<const T> images, const TypedObserver<T>& observe) {
  half_ = conv1_.forward_training(context, images);
  quarter_ = conv2_.forward_training(context, half_);
  if (observe) observe("stem", quarter_);
  View<const T> x = quarter_;
  for (Bottleneck<T>& block : layer1_) x = block.forward_training(context, x);
  if (observe) observe("layer1", x);

  first_ = transition1_first_.forward_training(context, x);
  second_ = transition1_second_.forward_training(context, x);
  auto branches = stage2_.forward_training(context, {first_, second_});
  observe_branches(observe, "stage2", branches);
  third_ = transition2_.forward_training(context, branches.back());
  branches.emplace_back(third_);
  branches = stage3_.forward_training(context, std::move(branches));
  observe_branches(observe, "stage3", branches);
  fourth_ = transition3_.forward_training(context, branches.back());
  branches.emplace_back(fourth_);
  branches = stage4_.forward_training(context, std::move(branches));
  observe_branches(observe, "stage4", branches);
  return branches.front();
}

template <class T>
void HrNet<T>::backward(Context& context, Tensor<T> dy) {
  std::vector<Tensor<T>> gradients;
  gradients.push_back(std::move(dy));
  gradients = stage4_.backward(context, std::move(gradients));
  join_transition(context, transition3_, gradients);
  fourth_.reset();
  gradients = stage3_.backward(context, std::move(gradients));
  join_transition(context, transition2_, gradients);
  third_.reset();
  gradients = stage2_.backward(context, std::move(gradients));

  Tensor<T> dx = transition1_second_.backward(context, std::move(gradients[1]));
  second_.reset();
  {
    const auto more = transition1_first_.backward(context, std::move(gradients[0]));
    add_to<T>(context, dx, more);
  }
  first_.reset();
  for (std::size_t block = layer1_.size(); block-- > 0;) dx = layer1_[block].backward(context, std::move(dx));
  dx = conv2_.backward(context, std::move(dx));
  quarter_.reset();
  conv1_.backward_parameters(context, std::move(dx));
  half_.reset();
}

template <class T>
void HrNet<T>::prepare_inference(Context& context) {
  conv1_.prepare_inference(context);
  conv2_.prepare_inference(context);
  for (Bottleneck<T>& block : layer1_) block.prepare_inference(context);
  transition1_first_.prepare_inference(context);
  transition1_second_.prepare_inference(context);
  stage2_.prepare_inference(context);
  transition2_.prepare_inference(context);
  stage3_.prepare_inference(context);
  transition3_.prepare_inference(context);
  stage4_.prepare_inference(context);
}

template <class T>
Tensor<T> HrNet<T>::forward_inference(Context& context, View<const T> images, const TypedObserver<T>& observe) {
  auto x = conv2_.forward_inference(context, conv1_.forward_inference(context, images));
  if (observe) observe("stem", x);
  for (Bottleneck<T>& block : layer1_) x = block.forward_inference(context, std::move(x));
  if (observe) observe("layer1", x);

  std::vector<Tensor<T>> branches;
  branches.push_back(transition1_first_.forward_inference(context, x));
  branches.push_back(transition1_second_.forward_inference(context, x));
  x.reset();
  branches = stage2_.forward_inference(context, std::move(branches));
  observe_branches(observe, "stage2", branches);
  branches.push_back(transition2_.forward_inference(context, branches.back()));
  branches = stage3_.forward_inference(context, std::move(branches));
  observe_branches(observe, "stage3", branches);
  branches.push_back(transition3_.forward_inference(context, branches.back()));
  branches = stage4_.forward_inference(context, std::move(branches));
  observe_branches(observe, "stage4", branches);
  return std::move(branches.front());
}

template class HrNet<float>;
template class HrNet<bfloat16>;
template class HrNet<float16>;

}  // namespace posecu
