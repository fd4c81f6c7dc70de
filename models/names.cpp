#include "models/names.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/error.h"

namespace posecu {
namespace {

using Rows = TensorFate::Rows;

constexpr std::string_view kCounter = "PyTorch's counter of batches, which nothing reads";
constexpr std::string_view kBeside = "beside the network's weights: state of a training";
constexpr std::string_view kLoss = "a constant of the loss";
constexpr std::string_view kClassifier = "a classifier or another task's output";
constexpr std::string_view kExtraOutputs = "lower outputs of the last stage, which this network does not have";
constexpr std::string_view kOtherHead = "a head that cannot be carried over without loss";

// The part of a PyTorch file that holds the network: PoseDet's "model", mmpose's and HigherHRNet's "state_dict".
std::string_view wrapper_of(const Safetensors& file) {
  for (const std::string_view wrapper : {"model/", "state_dict/"}) {
    if (std::ranges::any_of(file.tensors(), [&](const StoredTensor& t) { return t.name.starts_with(wrapper); })) {
      return wrapper;
    }
  }
  return "";
}

// Data-parallel training puts "module." before every name, half-precision training "1.", a training's wrapper "net.".
struct Stripped {
  std::string_view name;
  bool of_training;
};
Stripped strip(std::string_view name) {
  bool of_training = false;
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view prefix : {"module.", "1.", "net."}) {
      if (!name.starts_with(prefix)) continue;
      name.remove_prefix(prefix.size());
      of_training = of_training || prefix == "net.";
      again = true;
    }
  }
  return {name, of_training};
}

bool begins_with_any(std::string_view name, std::initializer_list<std::string_view> beginnings) {
  return std::ranges::any_of(beginnings, [name](std::string_view b) { return name.starts_with(b); });
}

bool of_plain_backbone(std::string_view name) {
  return begins_with_any(name, {"conv1.", "bn1.", "conv2.", "bn2.", "layer1.", "transition1.", "transition2.",
                                "transition3.", "stage2.", "stage3.", "stage4."});
}

// The names that are the network's, without wrapper and prefixes, and what they say.
struct Recognition {
  std::vector<std::string_view> names;
  bool of_training = false;
  bool has(std::string_view beginning) const {
    return std::ranges::any_of(names, [&](std::string_view name) { return name.starts_with(beginning); });
  }
  WeightsFamily family() const {
    if (has("keypoint_head.final_layers.") || has("keypoint_head.deconv_layers."))
      return WeightsFamily::mmpose_higherhrnet;
    if (has("keypoint_head.")) return WeightsFamily::mmpose_hrnet;
    if (has("backbone.")) return of_training ? WeightsFamily::training : WeightsFamily::official;
    if (has("head.hms_pred_layers.") || has("head.tms_pred_layers.")) return WeightsFamily::official;
    if (has("final_layers.") || has("deconv_layers.")) return WeightsFamily::higherhrnet;
    return std::ranges::any_of(names, of_plain_backbone) ? WeightsFamily::hrnet : WeightsFamily::unknown;
  }
  // The number behind "stage4." of its last module, whose lower outputs only other networks use.
  int last_module() const {
    int last = -1;
    for (std::string_view name : names) {
      const std::size_t at = name.find("stage4.");
      if (at == std::string_view::npos) continue;
      name.remove_prefix(at + 7);
      int module = -1;
      std::from_chars(name.data(), name.data() + name.size(), module);
      last = std::max(last, module);
    }
    return last;
  }
};

Recognition recognise(const Safetensors& file, std::string_view wrapper) {
  Recognition result;
  for (const StoredTensor& tensor : file.tensors()) {
    if (!tensor.name.starts_with(wrapper)) continue;
    const auto [name, of_training] = strip(std::string_view(tensor.name).substr(wrapper.size()));
    result.names.push_back(name);
    result.of_training = result.of_training || of_training;
  }
  return result;
}

// The rules of one file's family, applied to one name after another.
class Rules {
 public:
  Rules(WeightsFamily family, int last_module)
      : family_(family), last_fuse_("stage4." + std::to_string(last_module) + ".fuse_layers.") {}

  // `name` has neither wrapper nor prefixes.
  std::vector<TensorFate> fates(std::string_view source, std::string_view name) const {
    const auto one = [source](std::string official, std::string_view ignored = "") {
      return std::vector{TensorFate{std::string(source), std::move(official), std::string(ignored)}};
    };
    if (name.ends_with("num_batches_tracked")) return one("", kCounter);
    if (name.starts_with("optimizer.")) return one("", kBeside);
    if (name.starts_with("ae_criterion.")) return one("", kLoss);
    switch (family_) {
      case WeightsFamily::official:
      case WeightsFamily::training:
        if (begins_with_any(name, {"backbone.", "head."})) return backbone_or(source, name);
        break;
      case WeightsFamily::hrnet:
        if (of_plain_backbone(name)) return backbone_or(source, "backbone." + std::string(name));
        if (begins_with_any(name,
                            {"head.", "fc.", "classifier.", "incre_modules.", "downsamp_modules.", "final_layer."}))
          return one("", kClassifier);
        break;
      case WeightsFamily::higherhrnet:
        if (of_plain_backbone(name)) return backbone_or(source, "backbone." + std::string(name));
        if (begins_with_any(name, {"final_layers.", "deconv_layers."})) return one("", kOtherHead);
        break;
      case WeightsFamily::mmpose_higherhrnet:
        if (name.starts_with("backbone.")) return backbone_or(source, name);
        if (name.starts_with("keypoint_head.")) return one("", kOtherHead);
        break;
      case WeightsFamily::mmpose_hrnet:
        if (name.starts_with("backbone.")) return backbone_or(source, name);
        if (name.starts_with("keypoint_head.final_layer.")) return halves(source, name.substr(name.rfind('.')));
        if (name.starts_with("keypoint_head.")) return one("", kOtherHead);
        break;
      case WeightsFamily::unknown:
        break;
    }
    return one("");
  }

 private:
  std::vector<TensorFate> backbone_or(std::string_view source, std::string_view official) const {
    TensorFate fate{std::string(source), std::string(official), ""};
    const std::size_t at = official.find(last_fuse_);
    if (at != std::string_view::npos && official[at + last_fuse_.size()] != '0')
      fate = {fate.source, "", std::string(kExtraOutputs)};
    return {fate};
  }
  static std::vector<TensorFate> halves(std::string_view source, std::string_view ending) {
    const std::string end(ending);
    return {{std::string(source), "head.hms_pred_layers" + end, "", Rows::first_half},
            {std::string(source), "head.tms_pred_layers" + end, "", Rows::second_half}};
  }

  WeightsFamily family_;
  std::string last_fuse_;
};

std::string remark_of(WeightsFamily family) {
  switch (family) {
    case WeightsFamily::higherhrnet:
    case WeightsFamily::mmpose_higherhrnet:
      return "only the backbone is taken: in that head the transposed convolution also reads the embeddings, so it "
             "cannot "
             "be carried over without loss";
    case WeightsFamily::hrnet:
      return "only the backbone is taken: the rest belongs to another task";
    case WeightsFamily::mmpose_hrnet:
      return "the head's one convolution is taken apart: heatmaps, then embeddings of one dimension";
    default:
      return "";
  }
}

// Rows of the first axis lie one after another: half of them is half of the bytes.
StoredTensor part_of(const std::string& path, const StoredTensor& tensor, const TensorFate& fate) {
  StoredTensor part{fate.name, tensor.type, tensor.shape, tensor.bytes};
  if (fate.rows == Rows::all) return part;
  if (part.shape.empty() || part.shape[0] % 2 != 0) {
    throw InputError(path, tensor.name, "expected an even number of rows: heatmaps and as many embeddings");
  }
  part.shape[0] /= 2;
  const std::size_t half = tensor.bytes.size() / 2;
  part.bytes = fate.rows == Rows::first_half ? tensor.bytes.first(half) : tensor.bytes.last(half);
  return part;
}

}  // namespace

std::string_view to_string(WeightsFamily family) {
  static constexpr std::array<std::string_view, 7> kTexts{"official names",
                                                          "checkpoint of the official training",
                                                          "HRNet alone (ImageNet or a top-down pose network)",
                                                          "HigherHRNet repository",
                                                          "mmpose, HigherHRNet",
                                                          "mmpose, HRNet",
                                                          "unknown"};
  return kTexts[static_cast<std::size_t>(family)];
}

NameMap map_names(const Safetensors& file) {
  const std::string_view wrapper = wrapper_of(file);
  const Recognition recognition = recognise(file, wrapper);
  NameMap map{recognition.family(), {}, remark_of(recognition.family())};
  const Rules rules(map.family, recognition.last_module());
  for (const StoredTensor& tensor : file.tensors()) {
    if (!tensor.name.starts_with(wrapper)) {
      map.fates.push_back({tensor.name, "", std::string(kBeside)});
      continue;
    }
    const std::string_view name = strip(std::string_view(tensor.name).substr(wrapper.size())).name;
    for (TensorFate& fate : rules.fates(tensor.name, name)) map.fates.push_back(std::move(fate));
  }
  return map;
}

Safetensors carry_over(Safetensors file, const NameMap& map) {
  std::vector<StoredTensor> tensors;
  for (const TensorFate& fate : map.fates) {
    if (!fate.ignored.empty()) continue;
    const StoredTensor& tensor = file.at(fate.source);
    tensors.push_back(fate.name.empty() ? tensor : part_of(file.path(), tensor, fate));
  }
  return std::move(file).with_tensors(std::move(tensors));
}

}  // namespace posecu
