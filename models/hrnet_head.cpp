#include "models/hrnet_head.h"

#include "layers/elementwise.h"

namespace posecu {

template <class T>
HrNetHead<T>::HrNetHead(Parameters& parameters, const std::string& name, int features, int keypoints, int embedding_dim)
    : heatmaps_(parameters, name + ".hms_pred_layers", {features, keypoints, 1, 1, 0}, Bias::yes),
      embeddings_(parameters, name + ".tms_pred_layers", {features, keypoints * embedding_dim, 1, 1, 0}, Bias::yes) {}

template <class T>
TypedMaps<T> HrNetHead<T>::forward_training(Context& context, View<const T> features) {
  TypedMaps<T> maps;
  maps.low = heatmaps_.forward_training(context, features);
  maps.embeddings = embeddings_.forward_training(context, features);
  return maps;
}

template <class T>
Tensor<T> HrNetHead<T>::backward(Context& context, TypedMaps<T> gradients) {
  auto dfeatures = embeddings_.backward(context, gradients.embeddings);
  gradients.embeddings.reset();
  const auto more = heatmaps_.backward(context, gradients.low);
  add_to<T>(context, dfeatures, more);
  return dfeatures;
}

template <class T>
void HrNetHead<T>::prepare_inference(Context&) {
  heatmaps_.prepare_inference();
  embeddings_.prepare_inference();
}

template <class T>
TypedMaps<T> HrNetHead<T>::forward_inference(Context& context, View<const T> features) {
  TypedMaps<T> maps;
  maps.low = heatmaps_.forward_inference(context, features);
  maps.embeddings = embeddings_.forward_inference(context, features);
  return maps;
}

template class HrNetHead<float>;
template class HrNetHead<bfloat16>;
template class HrNetHead<float16>;

}  // namespace posecu
