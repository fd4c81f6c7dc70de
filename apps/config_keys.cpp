#include "apps/config_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace posecu {
namespace {

// Helpers that keep a row of the table on one or two lines.
constexpr double kMany = 1e9;

constexpr Key flag(std::string_view name, std::string_view fallback, std::string_view sentence) {
  return {name, KeyType::boolean, fallback, 0, 0, "", 0, 0, sentence};
}
constexpr Key integer(std::string_view name, std::string_view fallback, double least, double most,
                      std::string_view sentence) {
  return {name, KeyType::integer, fallback, least, most, "", 0, 0, sentence};
}
constexpr Key number(std::string_view name, std::string_view fallback, double least, double most,
                     std::string_view sentence) {
  return {name, KeyType::number, fallback, least, most, "", 0, 0, sentence};
}
constexpr Key text(std::string_view name, std::string_view fallback, std::string_view sentence) {
  return {name, KeyType::text, fallback, 0, 0, "", 0, 0, sentence};
}
constexpr Key choice(std::string_view name, std::string_view fallback, std::string_view choices,
                     std::string_view sentence) {
  return {name, KeyType::text, fallback, 0, 0, choices, 0, 0, sentence};
}

constexpr auto kKeys = std::to_array<Key>({
    choice("model.head", "higherhrnet", "hrnet|higherhrnet", "Heatmaps at a quarter of the input, or also at half."),
    integer("model.width", "32", 1, 1024, "Channels of the finest branch."),
    integer("model.blocks", "4", 1, 64, "Residual blocks of a branch, and of the first stage."),
    {"model.modules", KeyType::integers, "[1,4,3]", 1, 64, "", 3, 3, "Multi-branch modules of stages 2, 3 and 4."},
    integer("model.embedding_dim", "8", 1, 64, "Numbers of an embedding: 8 coupled, 1 classic associative embedding."),
    text("model.init", "", "Weights file that replaces the fresh weights it holds; empty: all fresh."),
    flag("model.init_partial", "false", "Accept a model.init file that holds a part of the backbone only."),

    choice("loss.formulas", "official", "official|paper",
           "Pull, push and scale loss by the published code's formulas, or by the paper's equations."),
    flag("loss.regularisation", "true", "Use the scale loss, which couples embeddings with person scales."),
    choice("loss.targets", "embedding", "fixed|instance|embedding",
           "Width of heatmap targets: fixed, by each person's scale, or by the scale that the embedding encodes."),
    flag("loss.focal", "true", "Weight the heatmap loss towards hard pixels."),
    number("loss.theta", "0.4", 1e-3, 100, "Reference scale of adjusted targets: 0.40 for COCO, 0.55 for CrowdPose."),
    number("loss.beta", "0.01", 0, 10, "Exponent of the focal weight."),
    number("loss.sigma", "2.0", 0.1, 100, "Deviation of target Gaussians, in heatmap pixels."),
    number("loss.weights.heatmap", "1.0", 0, kMany, "Weight of the heatmap loss."),
    number("loss.weights.pull", "1e-3", 0, kMany, "Weight of the pull loss: one person's embeddings together."),
    number("loss.weights.push", "1e-3", 0, kMany, "Weight of the push loss: different people's embeddings apart."),
    number("loss.weights.scale", "1e-4", 0, kMany, "Weight of the scale loss."),

    choice("data.dataset", "coco", "coco|crowdpose|ochuman", "Folder layout of the data, and their skeleton."),
    text("data.skeleton", "",
         "Skeleton of the people: coco, crowdpose, ochuman or a TOML file; empty: the data set's."),
    text("data.root", "", "Folder of the data set (COCO: with annotations/ and val2017/ in it)."),
    {"data.train", KeyType::texts, "[train2017]", 0, 0, "", 1, 16, "Parts of the data set to train on."},
    text("data.val", "val2017", "Part to evaluate on; empty: training never evaluates."),
    {"data.augment.scale", KeyType::numbers, "[0.75,1.5]", 0.01, 100, "", 2, 2,
     "Least and largest scale drawn for a training picture."},
    number("data.augment.rotation", "30.0", 0, 180, "Largest rotation, in degrees."),
    number("data.augment.translation", "40.0", 0, 1000, "Largest shift, in 1/200 of the picture's scaled size."),
    number("data.augment.flip", "0.5", 0, 1, "Probability of mirroring."),
    integer("data.loader_threads", "2", 1, 256, "Threads that prepare training pictures; batches do not depend on it."),
    flag("data.drop_last", "true", "Leave out an epoch's remainder that fills no batch."),
    flag("data.tolerate_damage", "false", "Fill the lost part of a damaged JPEG with grey instead of stopping there."),
    integer("data.skip_missing", "0", 0, kMany,
            "Pictures without a file that may be left out; scoring misses their people."),

    integer("train.input_size", "512", 64, 8192, "Side of the square training pictures, a multiple of 32."),
    integer("train.batch", "10", 1, 4096, "Pictures of a pass."),
    integer("train.accumulate", "1", 1, 4096, "Passes of a step, which is one update of the weights."),
    choice("train.precision", "fp32", "fp32|tf32|bf16|fp16",
           "How activations are stored and multiplied; weights and sums are fp32. Others than fp32 need a GPU."),
    integer("train.steps", "0", 0, kMany, "Length of the training in steps; 0: train.epochs decides."),
    integer("train.epochs", "0", 0, kMany, "Length of the training in epochs; 0: train.steps decides."),
    {"train.milestones", KeyType::integers, "[]", 1, kMany, "", 0, 64,
     "Where the learning rate is multiplied by train.gamma, in steps or epochs as the length is."},
    choice("train.decay", "milestones", "milestones|cosine",
           "How the learning rate falls after the warm-up: at train.milestones, or along half a cosine to the end."),
    number("train.cosine_end", "0.01", 0, 1, "Where a cosine ends, as a part of train.lr."),
    number("train.lr", "1.5e-3", 1e-12, 100, "Learning rate of Adam."),
    number("train.gamma", "0.1", 1e-6, 1, "Factor of the learning rate at each milestone."),
    integer("train.warmup_steps", "500", 0, kMany, "Steps over which the learning rate rises to train.lr."),
    number("train.warmup_ratio", "1e-3", 0, 1, "Learning rate of the first step, as a part of train.lr."),
    integer("train.eval_every", "0", 0, kMany, "Steps or epochs between evaluations; 0: only at the end."),
    integer("train.save_every", "0", 0, kMany, "Steps or epochs between checkpoints; 0: at evaluations and the end."),
    integer("train.keep", "2", 1, 1000, "Checkpoints kept, besides the best."),
    integer("train.seed", "0", 0, 9007199254740992.0, "Seed of fresh weights, order of pictures and augmentation."),

    integer("eval.input_size", "512", 64, 8192, "Short side of the picture that the network sees."),
    flag("eval.flip", "true", "Average with the mirrored picture."),
    {"eval.scales", KeyType::numbers, "[1.0]", 0.05, 4, "", 1, 16, "Scales to average over; 1 must be among them."},
    choice("eval.precision", "fp32", "fp32|tf32|bf16|fp16",
           "How eval, predict and forward store and multiply activations. Others than fp32 need a GPU."),
    integer("eval.nms_kernel", "5", 1, 15, "Window of peak search, odd: 5 at 512, 7 at 640."),
    integer("eval.max_people", "30", 1, 10000, "Most people of a picture."),
    number("eval.threshold", "0.1", 0, 1, "Peaks below it are no keypoints."),
    number("eval.tag_distance", "1.0", 1e-6, 1000, "Largest distance of a keypoint's embedding from its person's."),
    flag("eval.adjust", "true", "Move keypoints a quarter of a pixel towards the higher neighbour."),
    flag("eval.refine", "true", "Fill a person's missing keypoints from the heatmaps."),
    choice("eval.evaluator", "xtcocotools", "xtcocotools|pycocotools|crowdposetools",
           "Whose AP to compute: they differ in corner cases."),

    choice("output.pictures", "png", "png|jpeg|none", "Kind of drawn pictures that predict writes."),
    flag("output.json", "true", "Let predict write a JSON file beside each drawn picture."),
    number("output.min_score", "0.2", 0, 1, "Keypoints below it are not drawn."),
    flag("output.show_refined", "false", "Draw keypoints that refinement filled in, too."),
});

std::string_view element_name(KeyType type) {
  switch (type) {
    case KeyType::integers:
      return "whole number";
    case KeyType::numbers:
      return "number";
    default:
      return "text";
  }
}

}  // namespace

std::span<const Key> config_keys() { return kKeys; }

const Key* find_key(std::string_view name) {
  const auto* const found = std::ranges::find(kKeys, name, &Key::name);
  return found == kKeys.end() ? nullptr : found;
}

std::vector<std::string_view> config_key_names() {
  std::vector<std::string_view> names;
  for (const Key& key : kKeys) names.push_back(key.name);
  return names;
}

std::string_view to_string(KeyType type) {
  switch (type) {
    case KeyType::boolean:
      return "true or false";
    case KeyType::integer:
      return "whole number";
    case KeyType::number:
      return "number";
    case KeyType::text:
      return "text";
    case KeyType::integers:
      return "list of whole numbers";
    case KeyType::numbers:
      return "list of numbers";
    case KeyType::texts:
      return "list of texts";
  }
  return "";
}

std::string describe_range(const Key& key) {
  const auto limits = [&](std::string_view what) {
    return key.most >= kMany ? fmt::format("a {} of at least {}", what, key.least)
                             : fmt::format("a {} from {} to {:.16g}", what, key.least, key.most);
  };
  switch (key.type) {
    case KeyType::boolean:
      return "true or false";
    case KeyType::integer:
      return limits("whole number");
    case KeyType::number:
      return limits("number");
    case KeyType::text: {
      std::string choices(key.choices);
      for (std::size_t bar = choices.rfind('|'); bar != std::string::npos; bar = choices.rfind('|'))
        choices.replace(bar, 1, bar == key.choices.rfind('|') ? " or " : ", ");
      return choices.empty() ? "a text" : choices;
    }
    default:
      break;
  }
  const std::string length = key.min_length == key.max_length ? fmt::format("{}", key.max_length)
                                                              : fmt::format("{} to {}", key.min_length, key.max_length);
  if (key.type == KeyType::texts) return fmt::format("a list of {} texts", length);
  const std::string most = key.most >= kMany ? "at least " : "from ";
  return fmt::format("a list of {} {}s {}{}{}", length, element_name(key.type), most, key.least,
                     key.most >= kMany ? "" : fmt::format(" to {:.16g}", key.most));
}

}  // namespace posecu
