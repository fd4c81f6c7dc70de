#include <fmt/format.h>

#include <array>
#include <cstddef>

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
    kDeviceOption,
    kThreadsOption,
    kQuietOption,
});

constexpr std::int64_t kMaxSide = 16384, kMaxPictures = 4096;

struct Sizes {
  int pictures, channels, height, width;
};

// Copies between PyTorch's order [N,C,H,W] and ours [N,H,W,C].
enum class To { channels_last, channels_first };
std::vector<float> reordered(std::span<const float> values, Sizes s, To to) {
  std::vector<float> result(values.size());
  std::size_t first = 0;
  for (int n = 0; n < s.pictures; ++n)
    for (int c = 0; c < s.channels; ++c)
      for (int y = 0; y < s.height; ++y)
        for (int x = 0; x < s.width; ++x, ++first) {
          const auto last = static_cast<std::size_t>(((n * s.height + y) * s.width + x) * s.channels + c);
          (to == To::channels_last ? result[last] : result[first]) =
              to == To::channels_last ? values[first] : values[last];
        }
  return result;
}

Tensor<float> read_input(Context& context, const std::string& path) {
  const Safetensors file = Safetensors::read(path);
  const std::vector<std::int64_t>& shape = file.at("input").shape;
  const auto is_side = [](std::int64_t s) { return s > 0 && s % HrNet::kMultiple == 0 && s <= kMaxSide; };
  if (shape.size() != 4 || shape[0] < 1 || shape[0] > kMaxPictures || shape[1] != 3 || !is_side(shape[2]) ||
      !is_side(shape[3]))
    throw InputError(path, "tensor input", "expected [N,3,H,W], H and W multiples of 32");
  const Sizes sizes{static_cast<int>(shape[0]), 3, static_cast<int>(shape[2]), static_cast<int>(shape[3])};
  Tensor<float> images = context.tensor<float>({sizes.pictures, sizes.height, sizes.width, 3});
  std::ranges::copy(reordered(file.floats("input"), sizes, To::channels_last), images.data());
  return images;
}

// Outputs in the order and under the names of the official code's tensors.
class Outputs {
 public:
  // maps [N,H,W,C] -> `name` [N,C,H,W]
  void add_maps(const std::string& name, View<const float> maps) {
    const Sizes s{maps.size(0), maps.size(3), maps.size(1), maps.size(2)};
    values_.push_back(reordered({maps.data(), maps.elements()}, s, To::channels_first));
    tensors_.push_back(
        {name, DataType::f32, {s.pictures, s.channels, s.height, s.width}, std::as_bytes(std::span(values_.back()))});
  }

  // embeddings [N,H,W,K*M] -> `name` [N,K,H,W,M]
  void add_embeddings(const std::string& name, View<const float> maps, int dimensions) {
    const int n = maps.size(0), h = maps.size(1), w = maps.size(2), k = maps.size(3) / dimensions;
    // [N*H*W,K,M] read as [N,H*W,K,M] -> [N,K,H*W,M]: each position's M numbers stay together.
    std::vector<float> values(maps.elements());
    auto to = values.begin();
    for (int picture = 0; picture < n; ++picture)
      for (int keypoint = 0; keypoint < k; ++keypoint)
        for (int pixel = 0; pixel < h * w; ++pixel) {
          const std::size_t at = static_cast<std::size_t>((picture * h * w + pixel) * k + keypoint);
          to = std::copy_n(maps.data() + at * static_cast<std::size_t>(dimensions), dimensions, to);
        }
    values_.push_back(std::move(values));
    tensors_.push_back({name, DataType::f32, {n, k, h, w, dimensions}, std::as_bytes(std::span(values_.back()))});
  }

  void write(const std::string& path) const { write_safetensors(path, tensors_, {}); }

 private:
  std::deque<std::vector<float>> values_;
  std::vector<StoredTensor> tensors_;
};

}  // namespace

const VerbHelp kForwardHelp{
    .usage = "MODEL INPUT --out FILE [--batch-statistics]",
    .examples = kExamples,
    .options = kOptions,
    .least_words = 2,
    .most_words = 2,
    .text =
        "INPUT is a safetensors file with a tensor `input` [N,3,H,W]: normalised RGB, H and W multiples of 32.\n"
        "FILE gets `heatmaps0` [N,K,H/4,W/4], `heatmaps1` [N,K,H/2,W/2] (HigherHRNet), `tagmaps`\n"
        "[N,K,H/4,W/4,M], and `inference.heatmaps`, what decoding is given."};

int run_forward(const Arguments& arguments) {
  const auto out = arguments.value("--out");
  if (!out) throw UsageError("forward: --out FILE is missing\n  try: posecu forward --help");
  const ResolvedModel model = resolve_model(arguments.words()[0], std::nullopt, {});
  Context context(context_options(arguments));
  LoadedNetwork loaded(context, model);
  const Tensor<float> images = read_input(context, arguments.words()[1]);
  NetworkMaps maps = arguments.given("--batch-statistics") ? loaded.network().forward_training(context, images)
                                                           : loaded.network().forward_inference(context, images);
  Outputs outputs;
  outputs.add_maps("heatmaps0", maps.low);
  if (!maps.high.empty()) outputs.add_maps("heatmaps1", maps.high);
  outputs.add_embeddings("tagmaps", maps.embeddings, model.network.embedding_dim);
  outputs.add_maps("inference.heatmaps", inference_heatmaps(context, maps));
  outputs.write(*out);
  say(chatter(arguments), fmt::format("{}: written\n", *out));
  return kDone;
}

}  // namespace posecu
