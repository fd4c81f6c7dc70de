#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <deque>
#include <vector>

#include "apps/device.h"
#include "apps/exit_code.h"
#include "apps/model.h"
#include "apps/output.h"
#include "apps/verbs.h"
#include "core/error.h"
#include "core/safetensors.h"

namespace posecu {
namespace {

constexpr auto kExamples = std::to_array<Example>({
    {"posecu forward weights.safetensors input.safetensors --out maps.safetensors",
     "the network's outputs for a tensor `input`, to compare with another implementation"},
    {"posecu forward weights.safetensors input.safetensors --out maps.safetensors --batch-statistics",
     "as in training: batch norm normalises with the batch's own statistics"},
});

constexpr auto kOptions = std::to_array<OptionHelp>({
    {"--out", "FILE", "Where the outputs go (safetensors)."},
    {"--batch-statistics", "", "Batch norm as in training; the weights file does not change."},
    kMaxModelBytesOption,
    kAllowNonFiniteOption,
    kDeviceOption,
    kNoGraphOption,
    kTunedOption,
    kThreadsOption,
    kQuietOption,
});

constexpr std::int64_t kMaxSide = 16384, kMaxPictures = 4096;

// Tensor `input`, [N,3,H,W] in the file, as [N,H,W,3].
Tensor<float> read_input(Context& context, const std::string& path) {
  const Safetensors file = Safetensors::read(path);
  const std::vector<std::int64_t>& shape = file.at("input").shape;
  const auto is_side = [](std::int64_t s) { return s > 0 && s % Network::kMultiple == 0 && s <= kMaxSide; };
  if (shape.size() != 4 || shape[0] < 1 || shape[0] > kMaxPictures || shape[1] != 3 || !is_side(shape[2]) ||
      !is_side(shape[3]))
    throw InputError(path, "tensor input", "expected [N,3,H,W], H and W multiples of 32");
  const std::vector<float> values = file.floats("input");
  const auto n = static_cast<int>(shape[0]), h = static_cast<int>(shape[2]), w = static_cast<int>(shape[3]);
  std::vector<float> pixels(values.size());
  const auto plane = static_cast<std::size_t>(h) * static_cast<std::size_t>(w);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t picture = i / (3 * plane), channel = i / plane % 3;
    pixels[(picture * plane + i % plane) * 3 + channel] = values[i];
  }
  Tensor<float> images = context.tensor<float>({n, h, w, 3});
  context.upload(images.view(), pixels);
  return images;
}

// Outputs under the names and in the orders of the official code.
class Outputs {
 public:
  explicit Outputs(Context& context) : context_(context) {}

  // maps [N,H,W,K*M] -> `name` [N,K,H,W] for M = 0, else [N,K,H,W,M]
  void add(const std::string& name, View<const float> maps, int dimensions) {
    const auto m = static_cast<std::size_t>(std::max(dimensions, 1));
    const auto n = static_cast<std::size_t>(maps.size(0)), pixels = maps.elements() / n / channels(maps);
    const std::size_t keypoints = channels(maps) / m;
    const std::vector<float> from = context_.download<float>(maps);
    std::vector<float>& values = values_.emplace_back();
    values.reserve(maps.elements());
    for (std::size_t picture = 0; picture < n; ++picture)
      for (std::size_t k = 0; k < keypoints; ++k)
        for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
          const float* pixel_values = from.data() + ((picture * pixels + pixel) * keypoints + k) * m;
          values.insert(values.end(), pixel_values, pixel_values + m);
        }
    std::vector<std::int64_t> shape{maps.size(0), static_cast<std::int64_t>(keypoints), maps.size(1), maps.size(2)};
    if (dimensions > 0) shape.push_back(dimensions);
    tensors_.push_back({name, DataType::f32, std::move(shape), std::as_bytes(std::span(values))});
  }

  void write(const std::string& path) const { write_safetensors(path, tensors_, {}); }

 private:
  static std::size_t channels(View<const float> maps) { return static_cast<std::size_t>(maps.size(3)); }

  Context& context_;
  std::deque<std::vector<float>> values_;  // what tensors_ shows: a deque never moves its elements
  std::vector<StoredTensor> tensors_;
};

}  // namespace

const VerbHelp kForwardHelp{
    .usage = "MODEL INPUT --out FILE [key=value...] [--batch-statistics]",
    .examples = kExamples,
    .options = kOptions,
    .least_words = 2,
    .most_words = 2,
    .overrides = VerbHelp::Overrides::accepted,
    .text =
        "INPUT is a safetensors file with a tensor `input` [N,3,H,W]: normalised RGB, H and W multiples of 32.\n"
        "FILE gets `heatmaps0` [N,K,H/4,W/4], `heatmaps1` [N,K,H/2,W/2] (HigherHRNet), `tagmaps`\n"
        "[N,K,H/4,W/4,M], and `inference.heatmaps`, what decoding is given."};

int run_forward(const Arguments& arguments) {
  const auto out = arguments.value("--out");
  if (!out) throw UsageError("forward: --out FILE is missing\n  try: posecu forward --help");
  const ResolvedModel model =
      resolve_model(arguments.words()[0], std::nullopt, arguments.overrides(), weights_limits(arguments));
  Context context(context_options(arguments));
  take_tuned_plans(context, arguments);
  LoadedNetwork loaded(context, model);
  say(chatter(arguments), loaded.coverage() + '\n');
  const Tensor<float> images = read_input(context, arguments.words()[1]);
  NetworkMaps maps = arguments.given("--batch-statistics") ? loaded.network().forward_training(context, images)
                                                           : loaded.network().forward_inference(context, images);
  Outputs outputs(context);
  outputs.add("heatmaps0", maps.low, 0);
  if (!maps.high.empty()) outputs.add("heatmaps1", maps.high, 0);
  outputs.add("tagmaps", maps.embeddings, model.network.embedding_dim);
  outputs.add("inference.heatmaps", inference_heatmaps(context, maps), 0);
  outputs.write(*out);
  say(chatter(arguments), fmt::format("{}: written\n", *out));
  return kDone;
}

}  // namespace posecu
