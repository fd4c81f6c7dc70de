#include "core/parameters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace posecu {
namespace {

class ParametersTest : public testing::Test {
 protected:
  Context context_{{.threads = 1, .memory = 1 << 24}};
  Parameters parameters_;
};

TEST_F(ParametersTest, NamedViewsShareTheFlatBuffers) {
  Parameter& weight = parameters_.add("conv.weight", {3, 2, 3, 3}, ParameterRole::trained, InitialValue::normal_0_001);
  Parameter& mean = parameters_.add("bn.running_mean", {3}, ParameterRole::running_statistic, InitialValue::zero);
  Parameter& gamma = parameters_.add("bn.weight", {3}, ParameterRole::trained, InitialValue::one);
  parameters_.allocate(context_, Parameters::Gradients::allocate);
  parameters_.initialise(1);

  EXPECT_EQ(parameters_.trained_elements(), 57U);
  EXPECT_EQ(parameters_.find("bn.weight"), &gamma);
  EXPECT_EQ(parameters_.find("bn.bias"), nullptr);
  EXPECT_EQ(weight.value.data(), parameters_.trained().data());
  EXPECT_EQ(gamma.gradient.data() - weight.gradient.data(), gamma.value.data() - weight.value.data());
  EXPECT_EQ(mean.value.data(), parameters_.running_statistics().data());
  EXPECT_TRUE(mean.gradient.empty());
  EXPECT_EQ(*gamma.value.begin(), 1.F);
  EXPECT_NE(*weight.value.begin(), 0.F);

  std::ranges::fill(gamma.gradient, 9.F);
  parameters_.clear_gradients();
  EXPECT_EQ(*gamma.gradient.begin(), 0.F);
}

TEST_F(ParametersTest, FreshConvolutionsAreNormalWithDeviationOneThousandth) {
  Parameter& weight = parameters_.add("w", {64, 64, 3, 3}, ParameterRole::trained, InitialValue::normal_0_001);
  parameters_.allocate(context_, Parameters::Gradients::none);
  parameters_.initialise(3);
  double square = 0;
  for (const float value : weight.value) square += static_cast<double>(value) * value;
  const auto n = static_cast<double>(weight.value.elements());
  EXPECT_NEAR(std::sqrt(square / n), 1e-3, 5 * 1e-3 / std::sqrt(2 * n));
  const float first = *weight.value.begin();
  parameters_.initialise(4);
  EXPECT_NE(*weight.value.begin(), first) << "the seed changes nothing";
}

TEST_F(ParametersTest, RefusesTwoOfOneName) {
  parameters_.add("a", {1}, ParameterRole::trained, InitialValue::zero);
  EXPECT_THROW(parameters_.add("a", {2}, ParameterRole::trained, InitialValue::zero), std::logic_error);
}

}  // namespace
}  // namespace posecu
