#include "models/higherhrnet_head.h"

#include <utility>

#include "layers/concat.h"
#include "layers/elementwise.h"

namespace posecu {
namespace {

constexpr int kBlocks = 4;

}  // namespace

template <class T>
HigherHrNetHead<T>::HigherHrNetHead(Parameters& parameters, const std::string& name, int features, int keypoints,
                                    int embedding_dim)
    : channels_(features),
      low_(parameters, name + ".hms_pred_layers.0", {features, keypoints, 1, 1, 0}, Bias::yes),
      high_(parameters, name + ".hms_pred_layers.1", {features, keypoints, 1, 1, 0}, Bias::yes),
      embeddings_(parameters, name + ".tms_pred_layers", {features, keypoints * embedding_dim, 1, 1, 0}, Bias::yes),
      enlarge_(parameters, name + ".deconv_layers.0", {features + keypoints, features, 4, 2, 1}),
      enlarge_bn_(parameters, name + ".deconv_layers.1", features, {.activation = Activation::relu}) {
  for (int i = 0; i < kBlocks; ++i) blocks_.emplace_back(parameters, name + ".blocks." + std::to_string(i), features);
}

template <class T>
TypedMaps<T> HigherHrNetHead<T>::forward_training(Context& context, View<const T> features) {
  TypedMaps<T> maps;
  maps.low = low_.forward_training(context, features);
  maps.embeddings = embeddings_.forward_training(context, features);
  enlarged_ =
      enlarge_bn_.forward_training(context, enlarge_.forward_training(context, concat<T>(context, features, maps.low)));
  View<const T> x = enlarged_;
  for (BasicBlock<T>& block : blocks_) x = block.forward_training(context, x);
  maps.high = high_.forward_training(context, x);
  return maps;
}

template <class T>
Tensor<T> HigherHrNetHead<T>::backward(Context& context, TypedMaps<T> gradients) {
  Tensor<T> dx = high_.backward(context, gradients.high);
  gradients.high.reset();
  for (std::size_t block = blocks_.size(); block-- > 0;) dx = blocks_[block].backward(context, std::move(dx));
  enlarge_bn_.backward(context, dx, dx);
  enlarged_.reset();
  dx = enlarge_.backward(context, dx);
  auto [dfeatures, dlow] = split<T>(context, dx, channels_);
  dx.reset();

  add_to<T>(context, dlow, gradients.low);
  gradients.low.reset();
  for (auto& [conv, dy] : {std::pair<Conv2d<T>*, Tensor<T>*>{&embeddings_, &gradients.embeddings}, {&low_, &dlow}}) {
    const auto more = conv->backward(context, *dy);
    add_to<T>(context, dfeatures, more);
    dy->reset();
  }
  return std::move(dfeatures);
}

template <class T>
void HigherHrNetHead<T>::prepare_inference(Context& context) {
  low_.prepare_inference();
  high_.prepare_inference();
  embeddings_.prepare_inference();
  enlarge_.prepare_inference();
  for (BasicBlock<T>& block : blocks_) block.prepare_inference(context);
}

template <class T>
TypedMaps<T> HigherHrNetHead<T>::forward_inference(Context& context, View<const T> features) {
  TypedMaps<T> maps;
  maps.low = low_.forward_inference(context, features);
  maps.embeddings = embeddings_.forward_inference(context, features);
  auto x = enlarge_.forward_inference(context, concat<T>(context, features, maps.low));
  x = enlarge_bn_.forward_inference(context, std::move(x));
  for (BasicBlock<T>& block : blocks_) x = block.forward_inference(context, std::move(x));
  maps.high = high_.forward_inference(context, x);
  return maps;
}

template class HigherHrNetHead<float>;
template class HigherHrNetHead<bfloat16>;
template class HigherHrNetHead<float16>;

}  // namespace posecu
