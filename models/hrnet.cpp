#include "models/hrnet.h"

#include <span>
#include <utility>

#include "layers/elementwise.h"

namespace posecu {
namespace {

constexpr int kStem = 64;                                // channels
constexpr int kLayer1 = kStem * Bottleneck::kExpansion;  // channels

std::vector<Bottleneck> make_layer1(Parameters& parameters, const std::string& name, int blocks) {
  std::vector<Bottleneck> result;
  for (int i = 0; i < blocks; ++i) {
    result.emplace_back(parameters, name + "." + std::to_string(i), i == 0 ? kStem : kLayer1, kStem);
  }
  return result;
}

ConvBn make_transition(Parameters& parameters, const std::string& name, int in, int out, int stride) {
  return {parameters, name + ".0", name + ".1", {in, out, 3, stride, 1}, Activation::relu};
}

void observe_branches(const StageObserver& observe, const std::string& stage,
                      const std::vector<View<const float>>& branches) {
  for (std::size_t i = 0; observe && i < branches.size(); ++i) {
    observe(stage + ".branch" + std::to_string(i), branches[i]);
  }
}

void observe_branches(const StageObserver& observe, const std::string& stage,
                      const std::vector<Tensor<float>>& branches) {
  observe_branches(observe, stage, std::vector<View<const float>>(branches.begin(), branches.end()));
}

// The gradient of the lowest branch gets what comes back through the transition that made `dnew`'s branch from it.
void join_transition(Context& context, ConvBn& transition, std::vector<Tensor<float>>& gradients) {
  Tensor<float> dnew = std::move(gradients.back());
  gradients.pop_back();
  const auto more = transition.backward(context, std::move(dnew));
  add_to(context, gradients.back(), more);
}

}  // namespace

HrNet::HrNet(Parameters& parameters, const std::string& name, const HrNetOptions& options)
    : channels_{options.width, 2 * options.width, 4 * options.width, 8 * options.width},
      conv1_(parameters, name + ".conv1", name + ".bn1", {3, kStem, 3, 2, 1}, Activation::relu),
      conv2_(parameters, name + ".conv2", name + ".bn2", {kStem, kStem, 3, 2, 1}, Activation::relu),
      layer1_(make_layer1(parameters, name + ".layer1", options.blocks)),
      transition1_first_(make_transition(parameters, name + ".transition1.0", kLayer1, channels_[0], 1)),
      transition1_second_(make_transition(parameters, name + ".transition1.1.0", kLayer1, channels_[1], 2)),
      stage2_(parameters, name + ".stage2", std::span(channels_).first(2), options.blocks, options.modules[0],
              HrStage::Outputs::all),
      transition2_(make_transition(parameters, name + ".transition2.2.0", channels_[1], channels_[2], 2)),
      stage3_(parameters, name + ".stage3", std::span(channels_).first(3), options.blocks, options.modules[1],
              HrStage::Outputs::all),
      transition3_(make_transition(parameters, name + ".transition3.3.0", channels_[2], channels_[3], 2)),
      stage4_(parameters, name + ".stage4", channels_, options.blocks, options.modules[2], HrStage::Outputs::first) {}

View<const float> HrNet::forward_training(Context& context, View<const float> images, const StageObserver& observe) {
  half_ = conv1_.forward_training(context, images);
  quarter_ = conv2_.forward_training(context, half_);
  if (observe) observe("stem", quarter_);
  View<const float> x = quarter_;
  for (Bottleneck& block : layer1_) x = block.forward_training(context, x);
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

void HrNet::backward(Context& context, Tensor<float> dy) {
  std::vector<Tensor<float>> gradients;
  gradients.push_back(std::move(dy));
  gradients = stage4_.backward(context, std::move(gradients));
  join_transition(context, transition3_, gradients);
  fourth_.reset();
  gradients = stage3_.backward(context, std::move(gradients));
  join_transition(context, transition2_, gradients);
  third_.reset();
  gradients = stage2_.backward(context, std::move(gradients));

  Tensor<float> dx = transition1_second_.backward(context, std::move(gradients[1]));
  second_.reset();
  {
    const auto more = transition1_first_.backward(context, std::move(gradients[0]));
    add_to(context, dx, more);
  }
  first_.reset();
  for (std::size_t block = layer1_.size(); block-- > 0;) dx = layer1_[block].backward(context, std::move(dx));
  dx = conv2_.backward(context, std::move(dx));
  quarter_.reset();
  conv1_.backward_parameters(context, std::move(dx));
  half_.reset();
}

void HrNet::prepare_inference(Context& context) {
  conv1_.prepare_inference(context);
  conv2_.prepare_inference(context);
  for (Bottleneck& block : layer1_) block.prepare_inference(context);
  transition1_first_.prepare_inference(context);
  transition1_second_.prepare_inference(context);
  stage2_.prepare_inference(context);
  transition2_.prepare_inference(context);
  stage3_.prepare_inference(context);
  transition3_.prepare_inference(context);
  stage4_.prepare_inference(context);
}

Tensor<float> HrNet::forward_inference(Context& context, View<const float> images, const StageObserver& observe) {
  auto x = conv2_.forward_inference(context, conv1_.forward_inference(context, images));
  if (observe) observe("stem", x);
  for (Bottleneck& block : layer1_) x = block.forward_inference(context, std::move(x));
  if (observe) observe("layer1", x);

  std::vector<Tensor<float>> branches;
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

}  // namespace posecu
