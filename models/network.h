// The whole network: HRNet with one of the two heads.
#pragma once

#include <array>
#include <memory>
#include <variant>

#include "core/context.h"
#include "core/parameters.h"
#include "core/precision.h"
#include "models/maps.h"

namespace posecu {

enum class Head { hrnet, higherhrnet };

struct NetworkOptions {
  Head head = Head::higherhrnet;
  int width = 32;
  int blocks = 4;
  std::array<int, 3> modules{1, 4, 3};
  int keypoints = 17;
  int embedding_dim = 8;

  bool operator==(const NetworkOptions&) const = default;
};

struct bfloat16;
struct float16;
template <class T>
class TypedNetwork;

class Network {
 public:
  static constexpr int kMultiple = 32;  // the picture's sides are multiples of this

  // Registers the official names, "backbone...." and "head....". The parameters must outlive the network.
  Network(Parameters& parameters, const NetworkOptions& options, Precision precision = Precision::fp32);
  ~Network();

  // images [N,H,W,3], normalised RGB, H and W multiples of 32; they must live until backward. Keeps what that needs.
  NetworkMaps forward_training(Context& context, View<const float> images, const StageObserver& observe = {});

  // Adds to the gradients of the parameters, and frees what forward_training kept.
  void backward(Context& context, NetworkMaps gradients);

  // Folds batch norm into the convolutions; again after the parameters have changed.
  void prepare_inference(Context& context);
  NetworkMaps forward_inference(Context& context, View<const float> images, const StageObserver& observe = {});

  const NetworkOptions& options() const { return options_; }
  Precision precision() const { return precision_; }

 private:
  template <class T>
  using Typed = std::unique_ptr<TypedNetwork<T>>;

  NetworkOptions options_;
  Precision precision_;
  std::variant<Typed<float>, Typed<bfloat16>, Typed<float16>> network_;
};

// What decoding is given: the mean of `high` and of `low` resized to it; for HRNet, `low` itself.
Tensor<float> inference_heatmaps(Context& context, const NetworkMaps& maps);

}  // namespace posecu
