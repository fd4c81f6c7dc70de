#include "models/network.h"

#include <utility>

#include "layers/elementwise.h"
#include "layers/resize.h"
#include "models/typed_network.h"

namespace posecu {
namespace {

void check_images(View<const float> images) {
  require(images.shape().rank() == 4 && images.size(3) == 3 && images.size(1) % Network::kMultiple == 0 &&
              images.size(2) % Network::kMultiple == 0,
          "the network takes [N,H,W,3] with sides that are multiples of 32, not " + to_string(images.shape()));
}

// While a network computes, products of floats are those of its precision.
class ProductsOf {
 public:
  ProductsOf(Context& context, Precision precision) : libraries_(context.libraries()) {
    libraries_.set_float_products(precision == Precision::tf32 ? FloatProducts::tf32 : FloatProducts::exact);
  }
  ProductsOf(const ProductsOf&) = delete;
  ProductsOf& operator=(const ProductsOf&) = delete;
  ~ProductsOf() { libraries_.set_float_products(FloatProducts::exact); }

 private:
  Libraries& libraries_;
};

}  // namespace

Network::Network(Parameters& parameters, const NetworkOptions& options, Precision precision)
    : options_(options), precision_(precision) {
  switch (precision) {
    case Precision::bf16:
      network_ = std::make_unique<TypedNetwork<bfloat16>>(parameters, options);
      break;
    case Precision::fp16:
      network_ = std::make_unique<TypedNetwork<float16>>(parameters, options);
      break;
    default:
      network_ = std::make_unique<TypedNetwork<float>>(parameters, options);
  }
}
Network::~Network() = default;

NetworkMaps Network::forward_training(Context& context, View<const float> images, const StageObserver& observe) {
  check_images(images);
  const ProductsOf products(context, precision_);
  return std::visit([&](auto& network) { return network->forward_training(context, images, observe); }, network_);
}

void Network::backward(Context& context, NetworkMaps gradients) {
  const ProductsOf products(context, precision_);
  std::visit([&](auto& network) { network->backward(context, std::move(gradients)); }, network_);
}

void Network::prepare_inference(Context& context) {
  std::visit([&](auto& network) { network->prepare_inference(context); }, network_);
}

NetworkMaps Network::forward_inference(Context& context, View<const float> images, const StageObserver& observe) {
  check_images(images);
  const ProductsOf products(context, precision_);
  return std::visit([&](auto& network) { return network->forward_inference(context, images, observe); }, network_);
}

Tensor<float> inference_heatmaps(Context& context, const NetworkMaps& maps) {
  if (maps.high.empty()) return copy_of(context, maps.low);
  return mean_of(context, resize_bilinear(context, maps.low, maps.high.size(1), maps.high.size(2)), maps.high);
}

}  // namespace posecu
