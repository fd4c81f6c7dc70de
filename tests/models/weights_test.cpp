// Weights files: their way into parameters, what is recognised, what is refused and how.
#include "models/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/support/device.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr NetworkOptions kSmall{Head::higherhrnet, 8, 2, {1, 2, 1}, 5, 4};

struct Model {
  explicit Model(const NetworkOptions& options, std::uint64_t seed = 0) : network(parameters, options) {
    parameters.allocate(context, Parameters::Gradients::none);
    parameters.initialise(seed);
  }
  Context context{test_context_options({.threads = 1, .memory = 256 << 20})};
  Parameters parameters;
  Network network;
};

using Keep = std::function<bool(const std::string&)>;

// A file of the model's parameters that `keep` wants.
Safetensors stored(
    const TemporaryFolder& folder, const Model& model, const Keep& keep = [](auto&) { return true; }) {
  std::vector<StoredTensor> tensors;
  for (const Parameter& p : model.parameters.all()) {
    if (!keep(p.name)) continue;
    StoredTensor& tensor = tensors.emplace_back(StoredTensor{p.name, DataType::f32, {}, {}});
    for (int axis = 0; axis < p.shape.rank(); ++axis) tensor.shape.push_back(p.shape[axis]);
    tensor.bytes = std::as_bytes(std::span(p.value.data(), p.value.elements()));
  }
  const std::string path = (folder.path() / "weights.safetensors").string();
  write_safetensors(path, tensors, {});
  return Safetensors::read(path);
}

bool of_backbone(const std::string& name) { return name.starts_with("backbone."); }

template <class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Weights, GoThroughAFile) {
  const TemporaryFolder folder;
  const Model saved(kSmall, 1);
  Model loaded(kSmall, 2);
  const LoadReport report = load_weights(loaded.parameters, stored(folder, saved), LoadMode::whole);
  EXPECT_EQ(report.matched.size(), saved.parameters.all().size());
  EXPECT_TRUE(report.missing.empty() && report.unused.empty());
  EXPECT_TRUE(std::ranges::equal(loaded.parameters.trained(), saved.parameters.trained()));
  EXPECT_TRUE(std::ranges::equal(loaded.parameters.running_statistics(), saved.parameters.running_statistics()));
}

TEST(Weights, TellTheirNetwork) {
  const TemporaryFolder folder;
  for (const NetworkOptions& options : {kSmall, NetworkOptions{Head::hrnet, 5, 1, {2, 1, 3}, 14, 1},
                                        NetworkOptions{Head::hrnet, 16, 3, {1, 1, 1}, 1, 8}}) {
    EXPECT_EQ(recognise_network(stored(folder, Model(options))), options);
  }
}

TEST(Weights, OfABackboneAloneAreNotAWholeNetwork) {
  const TemporaryFolder folder;
  const Safetensors file = stored(folder, Model(kSmall), of_backbone);
  EXPECT_THAT(message_of([&] { recognise_network(file); }), HasSubstr("the head"));
  EXPECT_EQ(recognise_parts(file).width, 8);
  EXPECT_FALSE(recognise_parts(file).head.has_value());
}

TEST(Weights, OfABackboneAloneStartATraining) {
  const TemporaryFolder folder;
  const Model saved(kSmall, 1);
  Model loaded({Head::hrnet, 8, 2, {1, 2, 1}, 14, 8}, 2);
  const LoadReport report = load_weights(loaded.parameters, stored(folder, saved, of_backbone), LoadMode::initial);
  EXPECT_EQ(report.missing.size(), 4U);  // the head's two convolutions
  EXPECT_EQ(report.missing.front(), "head.hms_pred_layers.weight");
  const Parameter &from = *saved.parameters.find("backbone.conv1.weight"), &to = *loaded.parameters.find(from.name);
  EXPECT_TRUE(std::ranges::equal(from.value, to.value));
}

TEST(Weights, OfHalfABackboneStartATrainingOnlyWhenAsked) {
  const TemporaryFolder folder;
  Model loaded(kSmall, 2);
  const Safetensors half =
      stored(folder, Model(kSmall, 1), [](const std::string& name) { return !name.starts_with("backbone.stage4"); });
  const std::string message = message_of([&] { load_weights(loaded.parameters, half, LoadMode::initial); });
  EXPECT_THAT(message,
              AllOf(HasSubstr("backbone.stage4.0.branches.0.0.conv1.weight"), HasSubstr("model.init_partial=true")));
  EXPECT_FALSE(load_weights(loaded.parameters, half, LoadMode::partial).missing.empty());
}

TEST(Weights, OfAnotherWidthAreRefusedWithAdvice) {
  const TemporaryFolder folder;
  const Safetensors narrow = stored(folder, Model(kSmall));
  Model wide({Head::higherhrnet, 16, 2, {1, 2, 1}, 5, 4});
  const std::string message = message_of([&] { load_weights(wide.parameters, narrow, LoadMode::initial); });
  EXPECT_THAT(message, AllOf(HasSubstr("weights.safetensors"), HasSubstr("parameter backbone.transition1.0.0.weight"),
                             HasSubstr("expected [16,256,3,3] (model.width = 16), found [8,256,3,3]"),
                             HasSubstr("these are weights of width 8"), HasSubstr("try: model.width=8")));
}

TEST(Weights, OfOtherKeypointsAndEmbeddingsAreRefusedWithAdvice) {
  const TemporaryFolder folder;
  const Safetensors file = stored(folder, Model(kSmall));
  Model other_keypoints({Head::higherhrnet, 8, 2, {1, 2, 1}, 7, 4});
  EXPECT_THAT(message_of([&] { load_weights(other_keypoints.parameters, file, LoadMode::whole); }),
              AllOf(HasSubstr("7 keypoints"), HasSubstr("weights for 5 keypoints")));
  Model other_embeddings({Head::higherhrnet, 8, 2, {1, 2, 1}, 5, 1});
  EXPECT_THAT(message_of([&] { load_weights(other_embeddings.parameters, file, LoadMode::whole); }),
              HasSubstr("try: model.embedding_dim=4"));
}

TEST(Weights, ARefusedFileChangesNothing) {
  const TemporaryFolder folder;
  Model loaded(kSmall, 2);
  const Model untouched(kSmall, 2);
  const Safetensors file =
      stored(folder, Model(kSmall, 1), [](const std::string& name) { return name != "head.tms_pred_layers.bias"; });
  EXPECT_THAT(message_of([&] { load_weights(loaded.parameters, file, LoadMode::whole); }),
              HasSubstr("head.tms_pred_layers.bias: missing"));
  EXPECT_TRUE(std::ranges::equal(loaded.parameters.trained(), untouched.parameters.trained()));
}

TEST(Weights, UnusedTensorsAreNamedExceptPyTorchsCounters) {
  const TemporaryFolder folder;
  Model saved(kSmall, 1);
  const float one = 1;
  const std::string path = (folder.path() / "w.safetensors").string();
  const Parameter& bias = *saved.parameters.find("head.tms_pred_layers.bias");
  const auto bytes = std::as_bytes(std::span(&one, 1));
  write_safetensors(
      path,
      std::vector<StoredTensor>{{"backbone.bn1.num_batches_tracked", DataType::f32, {1}, bytes},
                                {"classifier.weight", DataType::f32, {1}, bytes},
                                {bias.name, DataType::f32, {20}, std::as_bytes(std::span(bias.value.data(), 20))}},
      {});
  const LoadReport report = load_weights(saved.parameters, Safetensors::read(path), LoadMode::partial);
  EXPECT_EQ(report.matched, std::vector{bias.name});
  EXPECT_EQ(report.unused, std::vector<std::string>{"classifier.weight"});
}

TEST(Weights, OfSomethingElseAreRefused) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "w.safetensors").string();
  const float one = 1;
  write_safetensors(path, std::vector<StoredTensor>{{"x", DataType::f32, {1}, std::as_bytes(std::span(&one, 1))}}, {});
  Model model(kSmall);
  EXPECT_THAT(message_of([&] { load_weights(model.parameters, Safetensors::read(path), LoadMode::partial); }),
              HasSubstr("holds none of the network's parameters"));
  EXPECT_THAT(message_of([&] { recognise_network(Safetensors::read(path)); }),
              HasSubstr("not the weights of an HRNet"));
}

}  // namespace
}  // namespace posecu
