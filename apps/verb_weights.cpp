#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <filesystem>

#include "apps/device.h"
#include "apps/exit_code.h"
#include "apps/output.h"
#include "apps/suggestion.h"
#include "apps/verbs.h"
#include "apps/weights_diff.h"
#include "apps/weights_inspect.h"
#include "apps/weights_options.h"
#include "core/error.h"
#include "training/checkpoint.h"

namespace posecu {
namespace {

constexpr auto kExamples = std::to_array<Example>({
    {"posecu weights inspect weights.safetensors", "whose names, which network, how much of it; each tensor's range"},
    {"posecu weights convert weights.safetensors weights.pth", "for PyTorch: torch.load gives the state dict"},
    {"posecu weights convert weights.pth half.safetensors --half", "from PyTorch, with half of the bytes"},
    {"posecu weights diff weights.safetensors weights.pth", "exit code 3 when a tensor differs"},
});

constexpr auto kOptions = std::to_array<OptionHelp>({
    {"--half", "", "Convolutions in half precision (convert); biases and batch norm stay as they are."},
    {"--json", "", "The result as one JSON object on standard output (inspect, diff)."},
    kMaxModelBytesOption,
    kQuietOption,
});

std::string ending_of(const std::string& path) { return std::filesystem::path(path).extension().string(); }

// Texts that stay with the weights: configuration and skeleton, but not where a training stood.
std::map<std::string, std::string> kept_metadata(const Safetensors& weights) {
  std::map<std::string, std::string> metadata;
  for (const std::string_view key : {kConfigKey, kSkeletonKey}) {
    const auto found = weights.metadata().find(std::string(key));
    if (found != weights.metadata().end()) metadata.insert(*found);
  }
  return metadata;
}

// The tensors with convolutions in half precision; the new values lie in `storage`.
std::vector<StoredTensor> halved(const Safetensors& weights, std::deque<std::vector<std::uint16_t>>& storage) {
  std::vector<StoredTensor> tensors = weights.tensors();
  for (StoredTensor& tensor : tensors) {
    if (tensor.shape.size() < 2 || (tensor.type != DataType::f32 && tensor.type != DataType::f64)) continue;
    std::vector<std::uint16_t>& half = storage.emplace_back();
    for (const float value : to_floats(tensor)) {
      half.push_back(float_to_half(value));
      if (std::isfinite(value) && !std::isfinite(half_to_float(half.back())))
        throw InputError(weights.path(), tensor.name,
                         fmt::format("the value {} is too large for half precision", value));
    }
    tensor.type = DataType::f16;
    tensor.bytes = std::as_bytes(std::span(half));
  }
  return tensors;
}

int convert(const Arguments& arguments, const std::string& from, const std::string& to) {
  const std::string ending = ending_of(to);
  if (ending != ".safetensors" && ending != ".pth" && ending != ".pt")
    throw UsageError(fmt::format("weights convert: {} ends neither in .safetensors nor in .pth", to));
  WeightsFile file = read_weights_file(from, weights_limits(arguments).max_bytes);
  const NameMap names = file.map;
  const Safetensors weights = std::move(file).official();
  if (weights.tensors().empty()) throw InputError(from, "", "holds no tensors that could be carried over");
  std::deque<std::vector<std::uint16_t>> storage;
  const std::vector<StoredTensor> tensors = arguments.given("--half") ? halved(weights, storage) : weights.tensors();
  if (ending == ".safetensors") {
    std::map<std::string, std::string> metadata = kept_metadata(weights);
    metadata[std::string(kChecksumKey)] = content_checksum(tensors, metadata);
    write_safetensors(to, tensors, metadata);
  } else {
    write_pth(to, tensors);
  }
  std::string text = fmt::format("{}: {} tensors written ({})\n", to, tensors.size(), to_string(names.family));
  if (!names.remark.empty()) text += fmt::format("  {}\n", names.remark);
  for (const std::string& line : left_out(names)) text += fmt::format("  left out: {}\n", line);
  say(chatter(arguments), text);
  return kDone;
}

int inspect(const Arguments& arguments, const std::string& path) {
  const WeightsFile file = read_weights_file(path, weights_limits(arguments).max_bytes);
  print(arguments.given("--json") ? inspect_json(file) + '\n' : inspect_text(file));
  return kDone;
}

int diff(const Arguments& arguments, const std::string& first, const std::string& second) {
  const WeightsLimits limits = weights_limits(arguments);
  const Safetensors a = read_weights_file(first, limits.max_bytes).official();
  const Safetensors b = read_weights_file(second, limits.max_bytes).official();
  const std::vector<TensorDifference> found = diff_tensors(a, b);
  print(arguments.given("--json") ? diff_json(first, second, found) + '\n' : diff_text(first, second, found));
  return found.empty() ? kDone : kInput;
}

}  // namespace

const VerbHelp kWeightsHelp{
    .usage = "inspect FILE | diff FILE FILE | convert FILE FILE [--half]",
    .examples = kExamples,
    .options = kOptions,
    .least_words = 2,
    .most_words = 3,
    .text =
        "FILE is safetensors or PyTorch's .pth, old or new, of any family: official weights and training checkpoints,\n"
        "HRNet from ImageNet, HigherHRNet, mmpose. Tensors are compared and written under their official names;\n"
        "what a file holds besides (optimiser, counters, another task's head) is left out, and said so. The new "
        "file's\n"
        "ending chooses its format. Nothing in a file is ever executed."};

int run_weights(const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.words();
  const auto choices = std::to_array<std::string_view>({"inspect", "diff", "convert"});
  if (std::ranges::find(choices, words[0]) == choices.end())
    throw UsageError(fmt::format("weights: expected inspect, diff or convert, found {}{}", words[0],
                                 did_you_mean(words[0], choices)));
  const std::size_t files = words[0] == "inspect" ? 1 : 2;
  if (words.size() != 1 + files)
    throw UsageError(fmt::format("weights {}: expected {} file{}\n  try: posecu weights --help", words[0], files,
                                 files == 1 ? "" : "s"));
  if (arguments.given("--half") && words[0] != "convert")
    throw UsageError(fmt::format("weights {}: --half belongs to convert", words[0]));
  if (arguments.given("--json") && words[0] == "convert")
    throw UsageError("weights convert: --json belongs to inspect and diff");
  if (words[0] == "inspect") return inspect(arguments, words[1]);
  return words[0] == "diff" ? diff(arguments, words[1], words[2]) : convert(arguments, words[1], words[2]);
}

}  // namespace posecu
