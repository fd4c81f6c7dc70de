#include "models/typed_network.h"

#include <string>
#include <type_traits>
#include <utility>

#include "layers/elementwise.h"

namespace posecu {
namespace {

// A tensor in another type; where it has that type already, itself.
template <class To, class From>
Tensor<To> moved_to(Context& context, Tensor<From> x) {
  if constexpr (std::is_same_v<To, From>) {
    return x;
  } else {
    Tensor<To> y;
    if (!x.empty()) y = converted<To, From>(context, x);
    x.reset();  // before the next map is converted
    return y;
  }
}

template <class To, class From>
TypedMaps<To> moved_to(Context& context, TypedMaps<From> maps) {
  return {moved_to<To>(context, std::move(maps.low)), moved_to<To>(context, std::move(maps.high)),
          moved_to<To>(context, std::move(maps.embeddings))};
}

// Shows the observer of floats what the layers store.
template <class T>
TypedObserver<T> typed(Context& context, const StageObserver& observe) {
  if constexpr (std::is_same_v<T, float>) {
    return observe;
  } else {
    if (!observe) return {};
    return [&context, &observe](const std::string& name, View<const T> value) {
      observe(name, converted<float, T>(context, value));
    };
  }
}

// The images in type T, in the memory of `copy` if they are not.
template <class T>
View<const T> typed_images(Context& context, View<const float> images, Tensor<T>& copy) {
  if constexpr (std::is_same_v<T, float>) {
    return images;
  } else {
    copy = converted<T, float>(context, images);
    return copy;
  }
}

}  // namespace

template <class T>
TypedNetwork<T>::TypedNetwork(Parameters& parameters, const NetworkOptions& options)
    : backbone_(parameters, "backbone", {options.width, options.blocks, options.modules}) {
  if (options.head == Head::hrnet) {
    hrnet_head_.emplace(parameters, "head", options.width, options.keypoints, options.embedding_dim);
  } else {
    higher_head_.emplace(parameters, "head", options.width, options.keypoints, options.embedding_dim);
  }
}

template <class T>
NetworkMaps TypedNetwork<T>::forward_training(Context& context, View<const float> images,
                                              const StageObserver& observe) {
  const auto features =
      backbone_.forward_training(context, typed_images(context, images, images_), typed<T>(context, observe));
  return moved_to<float>(context, hrnet_head_ ? hrnet_head_->forward_training(context, features)
                                              : higher_head_->forward_training(context, features));
}

template <class T>
void TypedNetwork<T>::backward(Context& context, NetworkMaps gradients) {
  auto dmaps = moved_to<T>(context, std::move(gradients));
  backbone_.backward(context, hrnet_head_ ? hrnet_head_->backward(context, std::move(dmaps))
                                          : higher_head_->backward(context, std::move(dmaps)));
  images_.reset();
}

template <class T>
void TypedNetwork<T>::prepare_inference(Context& context) {
  backbone_.prepare_inference(context);
  if (hrnet_head_) hrnet_head_->prepare_inference(context);
  if (higher_head_) higher_head_->prepare_inference(context);
}

template <class T>
NetworkMaps TypedNetwork<T>::forward_inference(Context& context, View<const float> images,
                                               const StageObserver& observe) {
  Tensor<T> copy;
  const auto features =
      backbone_.forward_inference(context, typed_images(context, images, copy), typed<T>(context, observe));
  return moved_to<float>(context, hrnet_head_ ? hrnet_head_->forward_inference(context, features)
                                              : higher_head_->forward_inference(context, features));
}

template class TypedNetwork<float>;
template class TypedNetwork<bfloat16>;
template class TypedNetwork<float16>;

}  // namespace posecu
