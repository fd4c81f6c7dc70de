// A kernel that does what it must not, in the midst of a training on a GPU: after it every call fails, also the reading
// of weights.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <string_view>

#include "core/error.h"
#include "kernels/gradient_norm.h"
#include "tests/support/device.h"
#include "tests/support/golden.h"
#include "tests/training/tiny_run.h"
#include "training/checkpoint.h"

namespace posecu {
namespace {

// Writes where nothing is.
void launch_a_fault(Context& context) {
  auto* const nowhere = reinterpret_cast<double*>(0x1000);  // NOLINT(performance-no-int-to-ptr): no memory is there
  const std::vector<float> zeros(1000);
  const auto gradient = uploaded(context, {1000}, zeros);
  gradient_norm(context.stream(), nowhere, nowhere, gradient.data(), gradient.elements());
}

// The exit code that the program would end with; 1 where anything is not as it should be.
int train_into_a_fault() {
  using Clock = std::chrono::steady_clock;
  const TemporaryFolder folder;
  TinyOptions options;
  options.train = tiny_train_options();  // checkpoints after steps 3, 5, 6
  Clock::time_point fault;
  options.damage = [&](std::int64_t step, const Parameters& parameters) {
    if (step != 8) return;
    fault = Clock::now();
    launch_a_fault(parameters.context());
  };
  const std::string run = (folder.path() / "run").string();
  try {
    train_tiny(make_tiny_data((folder.path() / "data").string(), 5), run, options);
    std::fprintf(stderr, "the training ended\n");
    return 1;
  } catch (const MachineError& error) {
    const double seconds = std::chrono::duration<double>(Clock::now() - fault).count();
    std::fprintf(stderr, "after %.2f s: %s\n", seconds, error.what());
    const Safetensors last = read_checkpoint(run + "/checkpoints/last.safetensors");  // throws unless it is whole
    return seconds < 2 && last.metadata().at("training").find("\"step\":6") != std::string::npos ? 4 : 1;
  }
}

// In a process of its own, which can compute no more afterwards.
TEST(DeviceFaultTest, EndsATrainingAtOnceAndSavesNothing) {
  if (test_context_options().device == DeviceKind::cpu) GTEST_SKIP() << "on the CPU there is no such error";
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(std::_Exit(train_into_a_fault()), testing::ExitedWithCode(4), "");
}

}  // namespace
}  // namespace posecu
