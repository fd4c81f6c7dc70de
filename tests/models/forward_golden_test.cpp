// Whole networks against the official code's outputs: goldens of the kind `forward` (tests/goldens/README.md, section
// 1).
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/safetensors.h"
#include "models/network.h"
#include "tests/support/device.h"
#include "tests/support/generator.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kStageTolerance = 1e-4;  // of a stage's mean absolute value

Json read_json(const std::filesystem::path& path) { return Json::parse(std::ifstream(path)); }

NetworkOptions options_of(const Json& config) {
  return {config.at("head") == "hrnet" ? Head::hrnet : Head::higherhrnet,
          config.at("width"),
          config.at("blocks"),
          config.at("modules").get<std::array<int, 3>>(),
          config.at("keypoints"),
          config.at("embedding_dim")};
}

// NHWC with channel k*M+m, in the official order [N,K,H,W,M]; M = 1: [N,C,H,W].
std::vector<float> official_order(View<const float> x, int dimensions) {
  const int channels = x.size(3), pixels = x.size(1) * x.size(2);
  std::vector<float> result;
  result.reserve(x.elements());
  for (int n = 0; n < x.size(0); ++n)
    for (int k = 0; k < channels / dimensions; ++k)
      for (int pixel = 0; pixel < pixels; ++pixel)
        for (int m = 0; m < dimensions; ++m)
          result.push_back(x.data()[static_cast<std::size_t>(n * pixels + pixel) * static_cast<std::size_t>(channels) +
                                    static_cast<std::size_t>(k * dimensions + m)]);
  return result;
}

// One case: what is wrong so far, and the largest error met as a share of what is allowed.
class Case {
 public:
  explicit Case(std::filesystem::path folder)
      : folder_(std::move(folder)),
        config_(read_json(folder_ / "config.json")),
        expected_(read_json(folder_ / "expected.json")),
        tensors_(Safetensors::read((folder_ / "expected.safetensors").string())),
        options_(options_of(config_)),
        tolerance_(options_.width < 32 ? 5e-5 : 3e-4),
        network_(parameters_, options_) {
    parameters_.allocate(context_, Parameters::Gradients::none);
    const GoldenWeightRule rule{config_.at("salt"), config_.at("hms_gain"), config_.at("tms_gain")};
    for (Parameter& parameter : parameters_.all()) {
      std::ranges::copy(golden_weights(rule, parameter.name, parameter.shape), parameter.value.begin());
    }
    const auto input = config_.at("input").get<std::array<int, 4>>();
    images_ = context_.tensor<float>({input[0], input[2], input[3], 3});
    std::ranges::copy(golden_image_nhwc(rule.salt + "input", input[0], input[2], input[3]), images_.view().begin());
  }

  std::vector<std::string> check() {
    check_parameters();
    network_.prepare_inference(context_);
    check_maps("eval", network_.forward_inference(context_, images_, stage_check("eval")));
    check_maps("train", network_.forward_training(context_, images_, stage_check("train")));
    for (const auto& [name, sums] : expected_.at("train_running").items()) {
      check_sums(name, parameters_.find(name)->value, sums, tolerance_);
    }
    std::printf("  %s: the largest error is %.1f %% of what is allowed\n", folder_.filename().c_str(), 100 * worst_);
    return std::move(wrong_);
  }

 private:
  void check_parameters() {
    near("num_parameters", static_cast<double>(parameters_.trained_elements()), config_.at("num_parameters"), 0.5);
    near("num_tensors", static_cast<double>(parameters_.all().size()), config_.at("num_tensors"), 0.5);
    for (const auto& [name, facts] : config_.at("parameter_checks").items()) {
      const Parameter* parameter = parameters_.find(name);
      if (parameter == nullptr) {
        wrong_.push_back(name + " is no parameter");
        continue;
      }
      std::vector<int> shape;
      for (int axis = 0; axis < parameter->shape.rank(); ++axis) shape.push_back(parameter->shape[axis]);
      if (Json(shape) != facts.at("shape")) wrong_.push_back(name + " has shape " + to_string(parameter->shape));
      near(name + " first", *parameter->value.begin(), facts.at("first"), 0);
      near(name + " last", *(parameter->value.end() - 1), facts.at("last"), 0);
      check_sums(name, parameter->value, facts, 1e-12);
    }
  }

  StageObserver stage_check(const std::string& mode) {
    const Json& stages = expected_.at(mode).at("stages");
    return [this, mode, &stages](const std::string& name, View<const float> value) {
      const Json& facts = stages.at(name);
      double sum = 0, abs_sum = 0;
      for (const float v : value) sum += v, abs_sum += std::abs(v);
      const auto n = static_cast<double>(value.elements());
      const double mean_abs = facts.at("mean_abs");
      near(mode + "." + name + " mean", sum / n, facts.at("mean"), kStageTolerance * mean_abs);
      near(mode + "." + name + " mean_abs", abs_sum / n, mean_abs, kStageTolerance * mean_abs);
      check_shape(mode + "." + name, {value.size(0), value.size(3), value.size(1), value.size(2)}, facts);
    };
  }

  void check_maps(const std::string& mode, const NetworkMaps& maps) {
    const Json& facts = expected_.at(mode);
    check_map(mode + ".heatmaps0", maps.low, facts.at("heatmaps").at(0), 1);
    check_map(mode + ".tagmaps", maps.embeddings, facts.at("tagmaps"), options_.embedding_dim);
    if (options_.head == Head::hrnet) return;
    check_map(mode + ".heatmaps1", maps.high, facts.at("heatmaps").at(1), 1);
    if (mode != "eval") return;
    check_map("inference.heatmaps", inference_heatmaps(context_, maps), expected_.at("inference").at("heatmaps"), 1);
  }

  void check_map(const std::string& name, View<const float> found, const Json& facts, int dimensions) {
    const std::vector<float> values = official_order(found, dimensions);
    std::vector<int> shape{found.size(0), found.size(3) / dimensions, found.size(1), found.size(2)};
    if (facts.at("shape").size() == 5) shape.push_back(dimensions);
    check_shape(name, shape, facts);
    const double largest = std::max(std::abs(facts.at("min").get<double>()), std::abs(facts.at("max").get<double>()));
    near(name + " min", *std::ranges::min_element(values), facts.at("min"), tolerance_ * largest);
    near(name + " max", *std::ranges::max_element(values), facts.at("max"), tolerance_ * largest);
    check_sums(name, values, facts, tolerance_);
    for (const StoredTensor& tensor : tensors_.tensors()) {
      if (tensor.name != name && !tensor.name.starts_with(name + ".every")) continue;
      const std::size_t every = tensor.name == name ? 1 : std::stoul(tensor.name.substr(name.size() + 6));
      const std::vector<float> expected = tensors_.floats(tensor.name);
      if (expected.size() != (values.size() + every - 1) / every) wrong_.push_back(name + " has another size");
      for (std::size_t i = 0; i < expected.size() && i * every < values.size(); ++i) {
        near(name + "[" + std::to_string(i * every) + "]", values[i * every], expected[i], tolerance_ * largest);
      }
      return;
    }
    wrong_.push_back(name + " is not in expected.safetensors");
  }

  template <class Found>
  void check_sums(const std::string& name, const Found& values, const Json& facts, double tolerance) {
    const Checksum sums = checksum(values);
    const double allowed = tolerance * facts.at("abs_sum").get<double>();
    near(name + " n", static_cast<double>(sums.n), facts.at("n"), 0.5);
    near(name + " sum", sums.sum, facts.at("sum"), allowed);
    near(name + " abs_sum", sums.abs_sum, facts.at("abs_sum"), allowed);
    near(name + " dot", sums.dot, facts.at("dot"), allowed);
  }

  void check_shape(const std::string& name, const std::vector<int>& shape, const Json& facts) {
    if (Json(shape) != facts.at("shape")) wrong_.push_back(name + " has shape " + Json(shape).dump());
  }

  void near(const std::string& name, double found, double expected, double allowed) {
    const double error = std::abs(found - expected);
    if (allowed > 0) worst_ = std::max(worst_, error / allowed);
    if (error <= allowed || wrong_.size() > 20) return;
    wrong_.push_back(name + " is " + std::to_string(found) + " instead of " + std::to_string(expected) + ": off by " +
                     std::to_string(error / allowed) + " times what is allowed");
  }

  std::filesystem::path folder_;
  Json config_, expected_;
  Safetensors tensors_;
  NetworkOptions options_;
  double tolerance_;  // of the largest value of a tensor
  Context context_{test_context_options()};
  Parameters parameters_;
  Network network_;
  Tensor<float> images_;
  std::vector<std::string> wrong_;
  double worst_ = 0;
};

std::vector<std::string> check_forward_case(const std::filesystem::path& folder) { return Case(folder).check(); }

TEST(ForwardGolden, NetworksEqualTheOfficialOnes) { run_golden_cases("forward", check_forward_case); }

TEST(ForwardGolden, DamageIsSeen) {
  const auto damaged = [](const std::string& tensor) {
    expect_damage_is_seen(
        "forward", "higher_k5_m4_n2",
        [&](const std::filesystem::path& folder) { damage_tensor(folder / "expected.safetensors", tensor); },
        check_forward_case);
  };
  for (const char* tensor : {"eval.heatmaps1", "inference.heatmaps", "train.heatmaps0"}) damaged(tensor);
  expect_damage_is_seen(
      "forward", "hrnet_k5_m1_n2_deep",
      [](const std::filesystem::path& folder) {
        damage_json(folder / "expected.json", "/train_running/backbone.bn1.running_var/sum");
      },
      check_forward_case);
}

}  // namespace
}  // namespace posecu
