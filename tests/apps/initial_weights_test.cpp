// model.init: weights of other formats, families and keypoints.
#include "apps/initial_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/network.h"
#include "models/pth.h"
#include "tests/apps/tiny_network.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class InitialWeightsTest : public testing::Test {
 protected:
  // A network for CrowdPose with fresh weights.
  InitialWeightsTest() : network_(parameters_, {kTinyNetwork.head, 8, 1, {1, 1, 1}, 14, 8}) {
    parameters_.allocate(context_, Parameters::Gradients::none);
    parameters_.initialise(1);
  }
  std::string file(const char* name) const { return (folder_.path() / name).string(); }
  std::string load(const std::string& path, const std::vector<std::string>& more = {}) {
    Config config;
    std::vector<std::string> keys{"model.init=" + path};
    keys.insert(keys.end(), more.begin(), more.end());
    apply_overrides(config, keys);
    return load_initial_weights(parameters_, config, crowdpose_skeleton().keypoints, {});
  }
  std::vector<float> now(const char* name) const { return parameters_.get(*parameters_.find(name)); }

  TemporaryFolder folder_;
  Context context_{{.threads = 1, .memory = 256 << 20}};
  Parameters parameters_;
  Network network_;
};

int place(const std::vector<std::string>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

// Row by row, from the formula: heatmap row k, embedding rows k*M+m, deconvolution's input rows after the features.
TEST_F(InitialWeightsTest, RowsOfCocosKeypointsGoToCrowdPosesByName) {
  write_weights(file("coco.safetensors"), kTinyNetwork);
  const Safetensors coco = Safetensors::read(file("coco.safetensors"));
  const auto fresh_heatmaps = now("head.hms_pred_layers.1.weight");
  const std::string text = load(file("coco.safetensors"));
  const auto &from = coco_skeleton().keypoints, &to = crowdpose_skeleton().keypoints;
  int carried = 0;
  for (const auto& [name, before, each] : {std::tuple{"head.hms_pred_layers.0.weight", 0, 1},
                                           {"head.hms_pred_layers.0.bias", 0, 1},
                                           {"head.hms_pred_layers.1.weight", 0, 1},
                                           {"head.tms_pred_layers.weight", 0, 8},
                                           {"head.tms_pred_layers.bias", 0, 8},
                                           {"head.deconv_layers.0.weight", 8, 1}}) {
    const std::vector<float> stored = coco.floats(name), loaded = now(name);
    const std::size_t row = stored.size() / static_cast<std::size_t>(before + 17 * each);
    ASSERT_EQ(loaded.size(), row * static_cast<std::size_t>(before + 14 * each));
    for (int k = 0; k < 14; ++k) {
      const int source = place(from, to[static_cast<std::size_t>(k)]);
      if (source < 0) continue;
      ++carried;
      for (std::size_t i = 0; i < row * static_cast<std::size_t>(each); ++i) {
        ASSERT_EQ(loaded[row * static_cast<std::size_t>(before + k * each) + i],
                  stored[row * static_cast<std::size_t>(before + source * each) + i])
            << name << ' ' << k;
      }
    }
    for (std::size_t i = 0; i < row * static_cast<std::size_t>(before); ++i) ASSERT_EQ(loaded[i], stored[i]);
  }
  EXPECT_EQ(carried, 6 * 12);
  const int neck = place(to, "neck");
  ASSERT_GE(neck, 0);
  const auto heatmaps = now("head.hms_pred_layers.1.weight");
  for (int i = 0; i < 8; ++i) {
    const auto at = static_cast<std::size_t>(neck * 8 + i);
    EXPECT_EQ(heatmaps[at], fresh_heatmaps[at]);
  }
  EXPECT_THAT(text, AllOf(HasSubstr("left_shoulder    from the file's keypoint 5"), HasSubstr("neck             fresh"),
                          HasSubstr("taken for those of coco"), HasSubstr("0 missing")));
}

TEST_F(InitialWeightsTest, KeypointsWithoutKnownNamesAreRefused) {
  NetworkOptions five = kTinyNetwork;
  five.keypoints = 5;
  write_weights(file("five.safetensors"), five);
  try {
    load(file("five.safetensors"));
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("14 keypoints"), HasSubstr("weights for 5 keypoints")));
  }
}

// The official names as another family calls them.
void write_renamed(const std::string& path, const Safetensors& weights, const std::string& prefix) {
  std::vector<StoredTensor> tensors;
  for (StoredTensor tensor : weights.tensors()) {
    if (!tensor.name.starts_with("backbone.")) continue;
    tensor.name = prefix + tensor.name.substr(9);
    tensors.push_back(std::move(tensor));
  }
  write_pth(path, tensors);
}

TEST_F(InitialWeightsTest, ABackboneOfAnotherFamilyStartsATraining) {
  write_weights(file("w.safetensors"), kTinyNetwork);
  const Safetensors weights = Safetensors::read(file("w.safetensors"));
  for (const char* prefix : {"", "module.", "1.", "backbone.", "net.backbone."}) {
    write_renamed(file("other.pth"), weights, prefix);
    parameters_.initialise(2);
    const std::string text = load(file("other.pth"));
    EXPECT_EQ(now("backbone.conv1.weight"), weights.floats("backbone.conv1.weight")) << prefix;
    EXPECT_EQ(now("backbone.stage4.0.fuse_layers.0.3.0.weight"),
              weights.floats("backbone.stage4.0.fuse_layers.0.3.0.weight"));
    EXPECT_THAT(text, HasSubstr("missing, so they stay fresh: head.hms_pred_layers.0.weight")) << prefix;
  }
}

TEST_F(InitialWeightsTest, AnEmptyKeyLeavesAllWeightsFresh) {
  const auto before = now("backbone.conv1.weight");
  EXPECT_THAT(load(""), HasSubstr("all weights begin fresh"));
  EXPECT_EQ(now("backbone.conv1.weight"), before);
}

}  // namespace
}  // namespace posecu
