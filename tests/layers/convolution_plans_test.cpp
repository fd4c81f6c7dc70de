// Which engines cuDNN's plans have, kept and given back. For a GPU that need not be there: nothing is computed.
#include "layers/convolution_plans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "layers/convolution_cudnn.h"
#include "layers/convolution_tuning.h"
#include "layers/gpu_properties.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr ConvolutionSizes kSizes{.in = 32, .out = 48, .kernel = 3, .stride = 1, .padding = 1};

CudnnOperation forward(Precision precision) {
  return {.precision = precision, .n = 2, .h = 24, .w = 40, .sizes = kSizes};
}
CudnnOperation backward_weights(Precision precision) {
  CudnnOperation result = forward(precision);
  result.direction = Direction::backward_weights;
  return result;
}

Context counting_context() { return Context({.threads = 1, .dry_run = true, .device = DeviceKind::cuda}); }

TEST(CudnnOperation, SaysWhatItIs) {
  CudnnOperation operation = forward(Precision::bf16);
  EXPECT_EQ(to_string(operation), "forward bf16 2x24x40x32 to 48, 3x3");
  operation.bias = Bias::yes;
  operation.epilogue = Epilogue::add_relu;
  operation.sizes = {.in = 17, .out = 8, .kernel = 4, .stride = 2, .padding = 1};
  EXPECT_EQ(to_string(operation), "forward bf16 2x24x40x17 to 8, 4x4, stride 2, padding 1, bias, add, relu");
}

TEST(Cudnn, KeepsTensorCoresOutOfFp32) {
  const Cudnn cudnn(h100_properties().json);
  const auto tf32 = cudnn.find(forward(Precision::tf32));
  ASSERT_NE(tf32.plan, nullptr) << tf32.problem;
  EXPECT_EQ(cudnn.find(forward(Precision::fp32), tf32.plan->engine()).plan, nullptr);
  EXPECT_NE(cudnn.find(forward(Precision::fp32)).plan, nullptr);
}

// For gradients of floats the heuristic offers engines that add atomically. In tf32 no others are excluded.
TEST(Cudnn, RefusesEnginesThatGiveOtherBitsOnEveryRun) {
  const Cudnn cudnn(h100_properties().json);
  const CudnnOperation operation = backward_weights(Precision::tf32);
  const auto names = cudnn.engines(operation);
  EXPECT_TRUE(std::ranges::any_of(names, [&](const std::string& name) {
    const auto found = cudnn.find(operation, name);
    return found.plan == nullptr && found.problem == "Deselecting execution plan";
  }));
}

TEST(Cudnn, FindsTheSameEngineAgainByItsName) {
  const Cudnn cudnn(h200_properties().json);
  for (const CudnnOperation& operation : {forward(Precision::bf16), backward_weights(Precision::fp32)}) {
    const auto first = cudnn.find(operation);
    ASSERT_NE(first.plan, nullptr) << first.problem;
    const auto again = cudnn.find(operation, first.plan->engine());
    ASSERT_NE(again.plan, nullptr) << again.problem;
    EXPECT_EQ(again.plan->engine(), first.plan->engine());
    EXPECT_EQ(again.plan->workspace(), first.plan->workspace());
  }
}

TEST(Cudnn, RefusesWhatIsNoEngineAndNoDevice) {
  const Cudnn cudnn(h100_properties().json);
  for (const char* name : {"", "eng", "eng9999", "engine 7", "eng22_k2", "eng22_k2=", "eng22_k9999=1"}) {
    const auto found = cudnn.find(forward(Precision::bf16), name);
    EXPECT_EQ(found.plan, nullptr) << name;
    EXPECT_FALSE(found.problem.empty()) << name;
  }
  EXPECT_THROW(Cudnn(std::string_view("{}")), MachineError);
}

TEST(ConvolutionPlans, GoOnWithTheEnginesThatWereWritten) {
  Context first = counting_context(), second = counting_context();
  ConvolutionPlans& plans = convolution_plans(first);
  const CudnnOperation operation = forward(Precision::bf16);
  // An engine that would not be taken by itself.
  const auto names = plans.cudnn().engines(operation);
  const auto other = std::ranges::find_if(names, [&](const std::string& name) {
    return name != plans.get(operation).engine() && plans.cudnn().find(operation, name).plan != nullptr;
  });
  ASSERT_NE(other, names.end());
  plans.choose(operation, *other);
  plans.get(backward_weights(Precision::fp32));

  ConvolutionPlans& restored = convolution_plans(second);
  restored.restore(plans.describe(), "plans.txt");
  EXPECT_EQ(restored.describe(), plans.describe()) << "what was restored is written again before it is used";
  EXPECT_EQ(origin_of_plans(plans.describe()), restored.origin());
  restored.get(operation), restored.get(backward_weights(Precision::fp32));
  EXPECT_EQ(restored.get(operation).engine(), *other);
  EXPECT_EQ(restored.describe(), plans.describe());
  EXPECT_TRUE(restored.missing().empty());
}

TEST(ConvolutionPlans, SayWhichWrittenEnginesAreMissing) {
  Context context = counting_context(), untouched = counting_context();
  ConvolutionPlans& plans = convolution_plans(context);
  const CudnnOperation operation = forward(Precision::bf16);
  plans.restore("# another cuDNN\n" + to_string(operation) + ": eng9999_k2=1\n", "plans.txt");
  EXPECT_EQ(plans.get(operation).engine(), convolution_plans(untouched).get(operation).engine());
  EXPECT_THAT(plans.missing(), ElementsAre(to_string(operation)));
}

TEST(ConvolutionPlans, KnowWhereADescriptionComesFrom) {
  Context context = counting_context();
  EXPECT_THAT(convolution_plans(context).origin(), HasSubstr("NVIDIA H100 80GB HBM3, cuDNN 9."));
  EXPECT_EQ(origin_of_plans("# NVIDIA H200, cuDNN 9.26.0\nforward: eng1\n"), "NVIDIA H200, cuDNN 9.26.0");
  EXPECT_EQ(origin_of_plans(""), "");
}

TEST(ConvolutionPlans, RefuseADescriptionThatIsNone) {
  Context context = counting_context();
  try {
    convolution_plans(context).restore("# fine\nforward\n", "plans.txt");
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("plans.txt: line 2"));
  }
}

// Where cuDNN has no engine for convolution, bias, sum and ReLU in one, they are two calls and one more tensor.
TEST(CudnnConvolution, DoesInTwoStepsWhatNoEngineDoesInOne) {
  CudnnOperation fused = forward(Precision::bf16);
  fused.bias = Bias::yes;
  fused.epilogue = Epilogue::add_relu;
  std::size_t peaks[2];
  for (const bool one_step : {true, false}) {
    Context context = counting_context();
    ConvolutionPlans& plans = convolution_plans(context);
    if (!one_step) plans.restore(to_string(fused) + ": none\n", "plans.txt");
    CudnnConvolution<bfloat16> convolution(kSizes);
    const auto x = context.tensor<bfloat16>({2, 24, 40, 32}), y = context.tensor<bfloat16>({2, 24, 40, 48});
    const auto weight = context.tensor<float>({48, 32, 3, 3}), bias = context.tensor<float>({48});
    convolution.forward_frozen(context, y, x, {.weight = weight, .scale = bias, .bias = bias}, Epilogue::add_relu);
    peaks[one_step ? 0 : 1] = context.arena().peak(MemoryClass::workspace);
    EXPECT_EQ(plans.operations().size(), one_step ? 1U : 2U);
    EXPECT_EQ(plans.find(fused) != nullptr, one_step);
  }
  EXPECT_GE(peaks[1], peaks[0] + 2 * 24 * 40 * 48 * sizeof(bfloat16));
}

// A GPU on which an engine takes the longer, the earlier cuDNN's heuristic names it: the last wins.
TEST(ConvolutionTuning, GivesEachOperationItsFastestEngine) {
  Context context = counting_context();
  ConvolutionPlans& plans = convolution_plans(context);
  const CudnnOperation operation = forward(Precision::bf16);
  const std::string before = plans.get(operation).engine();
  const auto names = plans.cudnn().engines(operation);
  const auto place = [&](const CudnnPlan& plan) { return std::ranges::find(names, plan.engine()) - names.begin(); };
  const auto tuned = tune_plans(context, [&](const CudnnPlan& plan, const CudnnTensors&, void*, int) {
    return static_cast<double>(std::ssize(names) - place(plan));
  });
  ASSERT_EQ(tuned.size(), 1U);
  EXPECT_EQ(tuned[0].operation, to_string(operation));
  EXPECT_GT(tuned[0].measured, 10);
  EXPECT_LT(tuned[0].ms, 3) << "the last of the list but those that other runs may give other bits";
  EXPECT_EQ(tuned[0].default_ms, static_cast<double>(std::ssize(names)));
  EXPECT_EQ(plans.get(operation).engine(), tuned[0].engine);
  EXPECT_NE(tuned[0].engine, before);

  // A run that asks for what was measured takes it; other shapes have what they would have had.
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "plans.json").string();
  const TunedFor here{plans.device(), plans.cudnn().version()};
  write_plan_cache(path, here, tuned);
  Context second = counting_context(), third = counting_context();
  ConvolutionPlans &taken = convolution_plans(second), &plain = convolution_plans(third);
  taken.restore(require_plan_cache(path, here), path);
  EXPECT_EQ(taken.get(operation).engine(), tuned[0].engine);
  EXPECT_EQ(plain.get(operation).engine(), before);
  EXPECT_EQ(taken.get(backward_weights(Precision::bf16)).engine(),
            plain.get(backward_weights(Precision::bf16)).engine());
  EXPECT_TRUE(taken.missing().empty());
}

TEST(ConvolutionTuning, StaysWithAnEngineThatIsHardlySlower) {
  Context context = counting_context();
  ConvolutionPlans& plans = convolution_plans(context);
  const CudnnOperation operation = forward(Precision::bf16);
  const std::string before = plans.get(operation).engine();
  const auto tuned = tune_plans(context, [&](const CudnnPlan& plan, const CudnnTensors&, void*, int) {
    return plan.engine() == before ? 1.0 : 0.98;
  });
  EXPECT_EQ(plans.get(operation).engine(), before);
  EXPECT_EQ(tuned.at(0).ms, 1.0);
}

}  // namespace
}  // namespace posecu
