// cuDNN's plans for every convolution of the official networks, on a machine that need not have a GPU. The operations
// are not listed here: dry runs of the networks ask for them.
#include "layers/convolution_plans.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "layers/gpu_properties.h"
#include "models/network.h"

namespace posecu {
namespace {

constexpr Precision kPrecisions[] = {Precision::fp32, Precision::tf32, Precision::bf16, Precision::fp16};

struct Official {
  Head head;
  int width, side;
};
constexpr Official kOfficial[] = {
    {Head::hrnet, 32, 512}, {Head::higherhrnet, 32, 512}, {Head::hrnet, 48, 640}, {Head::higherhrnet, 48, 640}};

void train(Context& context, const Official& official, Precision precision, int batch) {
  Parameters parameters;
  Network network(parameters, {.head = official.head, .width = official.width}, precision);
  parameters.allocate(context, Parameters::Gradients::allocate);
  const auto images = context.tensor<float>({batch, official.side, official.side, 3});
  network.backward(context, network.forward_training(context, images));  // maps and their gradients have one shape
}

void infer(Context& context, const Official& official, Precision precision, int batch) {
  Parameters parameters;
  Network network(parameters, {.head = official.head, .width = official.width}, precision);
  parameters.allocate(context, Parameters::Gradients::none);
  const auto images = context.tensor<float>({batch, official.side, official.side, 3});
  network.prepare_inference(context);
  static_cast<void>(network.forward_inference(context, images));
}

void report(const std::string& device, const Cudnn& cudnn, const std::vector<CudnnOperation>& operations) {
  const auto fused = std::ranges::count_if(
      operations, [](const auto& o) { return o.bias == Bias::yes || o.epilogue != Epilogue::none; });
  fmt::print("{}, cuDNN {}: {} graphs, {} of them with bias, sum or ReLU\n", device, cudnn.version(), operations.size(),
             fused);
}

TEST(ConvolutionPlans, ExistForEveryConvolutionOfTheOfficialNetworks) {
  Context context({.threads = 1, .dry_run = true, .device = DeviceKind::cuda});
  for (const Official& official : kOfficial) {
    for (const Precision precision : kPrecisions) {
      train(context, official, precision, 16);
      for (const int batch : {1, 2}) infer(context, official, precision, batch);
    }
  }
  ConvolutionPlans& counted = convolution_plans(context);
  const std::vector<CudnnOperation> operations = counted.operations();
  ASSERT_GT(operations.size(), 500U);
  const auto without = std::ranges::count_if(operations, [&](const auto& o) { return counted.find(o) == nullptr; });
  EXPECT_EQ(without, 0) << "operations that " << counted.device() << " has no engine for";
  report(counted.device(), counted.cudnn(), operations);
  for (const GpuProperties& gpu : {h100_properties(), h200_properties()}) {
    if (gpu.name == counted.device()) continue;
    const Cudnn cudnn(gpu.json);
    for (const CudnnOperation& operation : operations) {
      const Cudnn::Found found = cudnn.find(operation);
      EXPECT_NE(found.plan, nullptr) << gpu.name << ": " << to_string(operation) << ": " << found.problem;
    }
    report(gpu.name, cudnn, operations);
  }
}

}  // namespace
}  // namespace posecu
