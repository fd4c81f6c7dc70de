#include "apps/training_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "apps/training_options.h"
#include "core/error.h"
#include "core/staging.h"
#include "data/device_batch.h"
#include "data/test_resize.h"
#include "training/step.h"

namespace posecu {
namespace {

std::size_t pixels(Size size) { return static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height); }

double gib(std::size_t bytes) { return static_cast<double>(bytes) / (1 << 30); }

// Labels of a batch in which every picture has as many people as the fullest.
Targets fullest_targets(const TrainingNeeds& needs) {
  Targets targets;
  targets.pictures = needs.loader.batch, targets.keypoints = needs.network.keypoints;
  const int people = needs.loader.batch * needs.most_people;
  targets.first_person.assign(static_cast<std::size_t>(needs.loader.batch) + 1, 0);
  targets.first_person.back() = people;
  targets.scales.resize(static_cast<std::size_t>(people));
  for (const int stride : needs.loader.sample.strides) {
    const int side = needs.loader.sample.input_size / stride;
    targets.resolutions.push_back({side, side, std::vector<float>(targets.scales.size() * 3 * targets.keypoints), {}});
  }
  return targets;
}

// Pictures on their way to a GPU: both slots, and what smaller ones leave behind while they grow by doubling.
std::size_t staged_bytes(const TrainingNeeds& needs) {
  constexpr std::size_t kBytesOfPixel = 4;  // with mask and places
  return 4 * std::bit_ceil(static_cast<std::size_t>(needs.loader.batch) * pixels(needs.largest_raw) * kBytesOfPixel);
}

// What a training holds between steps, in the order in which it takes it.
struct Rehearsal {
  Rehearsal(const ContextOptions& where, const TrainingNeeds& training)
      : needs(training), context(where), network(parameters, needs.network, needs.precision), losses(needs.losses) {
    parameters.allocate(context, Parameters::Gradients::allocate);
    adam.emplace(context, parameters, AdamOptions{});
    step.emplace(context, network, parameters, losses, *adam, needs.accumulate);
    batch.emplace(context, needs.network.keypoints, needs.loader);
    targets.emplace(context, fullest_targets(needs));
    if (context.device() == DeviceKind::cuda)
      for (std::size_t left = staged_bytes(needs), piece = 0; left > 0; left -= piece) {
        piece = std::min(left, std::size_t{1} << 30);
        staged.push_back(context.tensor<std::byte>({static_cast<int>(piece)}, MemoryClass::workspace));
      }
  }

  void run_step() {
    const int side = needs.loader.sample.input_size;
    step->begin(context, 0);
    for (int pass = 0; pass < needs.accumulate; ++pass)
      step->add_pass(context, View<const float>(nullptr, {needs.loader.batch, side, side, 3}), targets->targets());
    step->finish(context);
  }

  void evaluate(Size size) {
    Picture blank{size.width, size.height, std::vector<std::uint8_t>(3 * pixels(size))};
    network.prepare_inference(context);
    PeopleFinder(context, network, needs.skeleton, needs.evaluation).find(blank, "a picture");
  }

  const TrainingNeeds& needs;
  Context context;
  Parameters parameters;
  Network network;
  Losses losses;
  std::optional<Adam> adam;
  std::optional<TrainingStep> step;
  std::optional<DeviceBatch> batch;
  std::optional<TargetBuffer> targets;
  std::vector<Tensor<std::byte>> staged;
};

Size larger(Size a, Size b) { return pixels(a) < pixels(b) ? b : a; }

}  // namespace

TrainingNeeds training_needs(const Config& config, const Skeleton& skeleton, Precision precision, DeviceKind device) {
  TrainingNeeds needs;
  needs.network = network_options(config, skeleton.size());
  needs.precision = precision;
  needs.losses = loss_options(config);
  needs.loader = loader_options(config, device);
  needs.accumulate = config.integer("train.accumulate");
  needs.most_people = 3;
  needs.largest_raw = {640, 480};
  needs.skeleton = skeleton;
  needs.evaluation = find_options(config);
  return needs;
}

TrainingNeeds training_needs(const Config& config, const DataSet& train, const std::optional<DataSet>& val,
                             Precision precision, DeviceKind device) {
  TrainingNeeds needs = training_needs(config, train.skeleton, precision, device);
  needs.most_people = 0, needs.largest_raw = {};
  for (const PictureLabel& picture : train.pictures) {
    needs.most_people = std::max(needs.most_people, static_cast<int>(picture.annotations.size()));
    needs.largest_raw = larger(needs.largest_raw, {picture.width, picture.height});
  }
  if (!val) return needs;
  Size largest;  // input
  for (const PictureLabel& picture : val->pictures) {
    if (picture.width <= 0 || picture.height <= 0) continue;
    const Size input = test_geometry(picture.width, picture.height, needs.evaluation.input_size, picture.path).base;
    if (pixels(input) <= pixels(largest)) continue;
    largest = input;
    needs.largest_evaluated = Size{picture.width, picture.height};
  }
  return needs;
}

MemoryNeed memory_need(const Arena& arena) {
  MemoryNeed need{.by_class = {}, .peak = arena.peak()};
  for (int i = 0; i < kMemoryClasses; ++i)
    need.by_class[static_cast<std::size_t>(i)] = arena.peak(static_cast<MemoryClass>(i));
  return need;
}

MemoryNeed rehearse(ContextOptions where, const TrainingNeeds& needs) {
  where.dry_run = true;
  Rehearsal rehearsal(where, needs);
  rehearsal.run_step();
  if (needs.largest_evaluated) rehearsal.evaluate(*needs.largest_evaluated);
  rehearsal.run_step();
  return memory_need(rehearsal.context.arena());
}

int largest_batch_that_fits(const ContextOptions& where, TrainingNeeds needs, int limit) {
  const auto fits = [&](int batch) {
    needs.loader.batch = batch;
    try {
      rehearse(where, needs);
      return true;
    } catch (const MachineError&) {
      return false;
    }
  };
  int least = 0, most = limit;
  while (most - least > 1) {
    const int middle = (least + most) / 2;
    (fits(middle) ? least : most) = middle;
  }
  return least;
}

void require_memory(const ContextOptions& where, const TrainingNeeds& needs) {
  try {
    rehearse(where, needs);
  } catch (const MachineError&) {
    ContextOptions anywhere = where;
    anywhere.memory = 0;
    const std::size_t whole = rehearse(anywhere, needs).peak;  // throws what is no matter of memory
    const int largest = largest_batch_that_fits(where, needs, needs.loader.batch),
              pictures = needs.loader.batch * needs.accumulate;
    throw MachineError(
        fmt::format("not enough memory: a training with train.batch={} takes {:.2f} GiB, {:.2f} GiB can be had\n  {}",
                    needs.loader.batch, gib(whole), gib(where.memory),
                    largest == 0 ? "try: a smaller train.input_size, or a narrower network"
                                 : fmt::format("try: train.batch={} train.accumulate={}, the largest batch that fits",
                                               largest, (pictures + largest - 1) / largest)));
  }
}

}  // namespace posecu
