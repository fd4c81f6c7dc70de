// Values in weights files that no training leaves behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "models/weights.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using testing::HasSubstr;

constexpr NetworkOptions kPlain{Head::hrnet, 8, 1, {1, 1, 1}, 5, 1};

// Where a value is changed, and to what.
struct DamagedValue {
  const char* tensor;
  DataType type;
  float value;
  const char* message;
};

class WeightsValuesTest : public testing::TestWithParam<DamagedValue> {
 protected:
  WeightsValuesTest() : network_(parameters_, kPlain) {
    parameters_.allocate(context_, Parameters::Gradients::none);
    parameters_.initialise(1);
  }

  // The network's own weights, with the damage in element 3.
  Safetensors damaged_file(const DamagedValue& damage) {
    std::vector<std::vector<std::byte>> storage;
    std::vector<StoredTensor> tensors;
    for (const Parameter& parameter : parameters_.all()) {
      std::vector<float> values = parameters_.get(parameter);
      const bool hit = parameter.name == damage.tensor;
      if (hit) values.at(3) = damage.value;
      StoredTensor& tensor =
          tensors.emplace_back(StoredTensor{parameter.name, hit ? damage.type : DataType::f32, {}, {}});
      for (int axis = 0; axis < parameter.shape.rank(); ++axis) tensor.shape.push_back(parameter.shape[axis]);
      tensor.bytes = storage.emplace_back(stored(values, tensor.type));
    }
    return {"w.safetensors", std::move(storage), std::move(tensors), {}};
  }

  static std::vector<std::byte> stored(const std::vector<float>& values, DataType type) {
    std::vector<std::byte> bytes;
    const auto add = [&bytes](auto value) {
      const auto some = std::as_bytes(std::span(&value, 1));
      bytes.insert(bytes.end(), some.begin(), some.end());
    };
    for (const float value : values) {
      if (type == DataType::f32) add(value);
      if (type == DataType::f16) add(float_to_half(value));
      if (type == DataType::bf16) add(static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16));
    }
    return bytes;
  }

  Context context_{{.threads = 1, .memory = 256 << 20}};
  Parameters parameters_;
  Network network_;
};

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();

TEST_P(WeightsValuesTest, AreRefusedUnlessAllowed) {
  const Safetensors file = damaged_file(GetParam());
  const std::vector<float> before = parameters_.get(parameters_.all().front());
  parameters_.initialise(2);
  const std::vector<float> fresh = parameters_.get(parameters_.all().front());
  try {
    load_weights(parameters_, file, LoadMode::whole);
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(std::string("w.safetensors: parameter ") + GetParam().tensor +
                                        ": element 3 is " + GetParam().message));
    EXPECT_THAT(error.what(), HasSubstr("--allow-non-finite"));
  }
  EXPECT_EQ(parameters_.get(parameters_.all().front()), fresh) << "a refused file changes nothing";
  load_weights(parameters_, file, {.non_finite = NonFinite::allow});
  EXPECT_NE(fresh, before);
  const float loaded = parameters_.get(*parameters_.find(GetParam().tensor)).at(3);
  EXPECT_TRUE(loaded == GetParam().value || (std::isnan(loaded) && std::isnan(GetParam().value)));
}

INSTANTIATE_TEST_SUITE_P(Nine, WeightsValuesTest,
                         testing::Values(DamagedValue{"backbone.conv1.weight", DataType::f32, kNan, "nan"},
                                         DamagedValue{"backbone.conv1.weight", DataType::f16, kNan, "nan"},
                                         DamagedValue{"backbone.conv1.weight", DataType::bf16, kNan, "nan"},
                                         DamagedValue{"head.hms_pred_layers.bias", DataType::f32, kInfinity, "inf"},
                                         DamagedValue{"head.tms_pred_layers.weight", DataType::f16, -kInfinity, "-inf"},
                                         DamagedValue{"backbone.bn1.weight", DataType::bf16, kInfinity, "inf"},
                                         DamagedValue{"backbone.bn1.running_mean", DataType::f32, kNan, "nan"},
                                         DamagedValue{"backbone.bn1.running_var", DataType::f32, kInfinity, "inf"},
                                         DamagedValue{"backbone.bn1.running_var", DataType::f32, -0.5F,
                                                      "-0.5, and a variance"}));

}  // namespace
}  // namespace posecu
