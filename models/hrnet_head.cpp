#include "models/hrnet_head.h"

#include "layers/elementwise.h"

namespace posecu {

HrNetHead::HrNetHead(Parameters& parameters, const std::string& name, int features, int keypoints, int embedding_dim)
    : heatmaps_(parameters, name + ".hms_pred_layers", {features, keypoints, 1, 1, 0}, Bias::yes),
      embeddings_(parameters, name + ".tms_pred_layers", {features, keypoints * embedding_dim, 1, 1, 0}, Bias::yes) {}

NetworkMaps HrNetHead::forward_training(Context& context, View<const float> features) {
  NetworkMaps maps;
  maps.low = heatmaps_.forward_training(context, features);
  maps.embeddings = embeddings_.forward_training(context, features);
  return maps;
}

Tensor<float> HrNetHead::backward(Context& context, NetworkMaps gradients) {
  auto dfeatures = embeddings_.backward(context, gradients.embeddings);
  gradients.embeddings.reset();
  const auto more = heatmaps_.backward(context, gradients.low);
  add_to(context, dfeatures, more);
  return dfeatures;
}

void HrNetHead::prepare_inference(Context&) {
  heatmaps_.prepare_inference();
  embeddings_.prepare_inference();
}

NetworkMaps HrNetHead::forward_inference(Context& context, View<const float> features) {
  NetworkMaps maps;
  maps.low = heatmaps_.forward_inference(context, features);
  maps.embeddings = embeddings_.forward_inference(context, features);
  return maps;
}

}  // namespace posecu
