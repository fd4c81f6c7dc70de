#include <chrono>
#include <cmath>

#include "apps/bench.h"
#include "core/random.h"
#include "core/replay.h"
#include "layers/convolution_plans.h"
#include "training/step.h"

namespace posecu {
namespace {

constexpr int kPeople = 3;  // in a picture

// Weights of about the size that keeps activations near 1: no arithmetic on denormal numbers.
void fill_weights(Parameters& parameters) {
  parameters.initialise(1);
  for (const Parameter& parameter : parameters.all()) {
    if (parameter.initial != InitialValue::normal_0_001) continue;
    const double fan_in = static_cast<double>(parameter.shape.elements()) / parameter.shape[0];
    std::vector<float> values = parameters.get(parameter);
    for (float& value : values) value *= static_cast<float>(1000 / std::sqrt(fan_in));
    parameters.set(parameter, values);
  }
}

std::vector<float> random_pictures(std::size_t values) {
  Random random(1, 0, 0, RandomPurpose::test);
  std::vector<float> pictures(values);
  for (float& value : pictures) value = static_cast<float>(random.normal());
  return pictures;
}

// People with all keypoints somewhere in every picture.
Targets random_targets(const BenchOptions& options) {
  Random random(2, 0, 0, RandomPurpose::test);
  Targets targets;
  targets.pictures = options.training_batch, targets.keypoints = options.network.keypoints;
  const std::size_t resolutions = options.network.head == Head::higherhrnet ? 2 : 1;
  targets.resolutions.resize(resolutions);
  for (int picture = 0; picture < targets.pictures; ++picture) {
    targets.first_person.push_back(targets.first_person.back() + kPeople);
    for (int i = 0; i < kPeople * targets.keypoints; ++i) {
      if (i % targets.keypoints == 0) targets.scales.push_back(random.uniform(0.3, 0.5));
      const double x = random.uniform(0, options.input_size), y = random.uniform(0, options.input_size);
      for (std::size_t r = 0; r < resolutions; ++r)
        for (const double value : {x / (r == 0 ? 4 : 2), y / (r == 0 ? 4 : 2), 2.0})
          targets.resolutions[r].keypoints.push_back(static_cast<float>(value));
    }
  }
  for (std::size_t r = 0; r < resolutions; ++r) {
    const int side = options.input_size / (r == 0 ? 4 : 2);
    targets.resolutions[r].width = targets.resolutions[r].height = side;
    targets.resolutions[r].masks.assign(static_cast<std::size_t>(targets.pictures * side) * side, 1);
  }
  return targets;
}

}  // namespace

struct BenchedNetwork::Impl {
  Impl(const ContextOptions& where, const BenchOptions& options, BenchedWork benched)
      : work(benched), context(where), network(parameters, options.network, options.precision), losses(options.losses) {
    if (!options.plans.empty()) convolution_plans(context).restore(options.plans, "the measured engines");
    if (work == BenchedWork::losses) {
      make_maps(options);
    } else {
      make_network(options);
    }
  }

  void make_network(const BenchOptions& options) {
    const bool trains = work == BenchedWork::training_step;
    parameters.allocate(context, trains ? Parameters::Gradients::allocate : Parameters::Gradients::none);
    if (!context.dry_run()) fill_weights(parameters);
    const int batch = trains ? options.training_batch : options.inference_batch;
    images = context.tensor<float>({batch, options.input_size, options.input_size, 3});
    if (!context.dry_run()) context.upload(images.view(), random_pictures(images.view().elements()));
    if (trains) {
      targets.emplace(context, random_targets(options));
      adam.emplace(context, parameters, AdamOptions{});
      step.emplace(context, network, parameters, losses, *adam, 1);
    } else {
      network.prepare_inference(context);
      replay.emplace(context);
    }
  }

  // The network's results and the places of their gradients.
  void make_maps(const BenchOptions& options) {
    targets.emplace(context, random_targets(options));
    const int side = options.input_size / 4, keypoints = options.network.keypoints;
    for (NetworkMaps* made : {&maps, &gradients}) {
      made->low = context.tensor<float>({options.training_batch, side, side, keypoints});
      if (options.network.head == Head::higherhrnet)
        made->high = context.tensor<float>({options.training_batch, 2 * side, 2 * side, keypoints});
      made->embeddings =
          context.tensor<float>({options.training_batch, side, side, keypoints * options.network.embedding_dim});
    }
    for (const Tensor<float>* map : {&maps.low, &maps.high, &maps.embeddings})
      if (!map->empty()) context.upload(map->view(), random_pictures(map->view().elements()));
  }

  void run() {
    if (work == BenchedWork::inference) {
      replay->run([&] { static_cast<void>(network.forward_inference(context, images)); });
    } else if (work == BenchedWork::losses) {
      losses.forward_backward(context, targets->targets(), {maps.low, maps.high, maps.embeddings},
                              {gradients.low, gradients.high, gradients.embeddings});
    } else {
      step->begin(context, 1e-6);
      step->add_pass(context, images, targets->targets());
      step->finish(context);
    }
    context.synchronise();
  }

  BenchedWork work;
  Context context;
  Parameters parameters;
  Network network;
  Losses losses;
  Tensor<float> images;
  std::optional<TargetBuffer> targets;
  NetworkMaps maps, gradients;
  std::optional<Adam> adam;
  std::optional<TrainingStep> step;
  std::optional<Replay> replay;
};

BenchedNetwork::BenchedNetwork(const ContextOptions& where, const BenchOptions& options, BenchedWork work)
    : impl_(std::make_unique<Impl>(where, options, work)) {}
BenchedNetwork::~BenchedNetwork() = default;

void BenchedNetwork::run() { impl_->run(); }
Context& BenchedNetwork::context() { return impl_->context; }

}  // namespace posecu
