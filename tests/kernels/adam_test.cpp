#include "kernels/adam.h"

#include "kernel_test.h"
#include "tests/reference/adam.h"

namespace posecu {
namespace {

constexpr int kSteps = 3;

// The kernel against the reference, which starts each step from the kernel's own state: an update of |g| <= 1 is at
// most lr / sqrt(1-beta2) large, and every quantity is rounded fewer than 8 times.
void expect_equals_reference(std::size_t n) {
  const std::vector<double> start = draw<float>("parameters", n, n, -1, 1);
  SameBits same;
  for_each_run([&](const KernelRun& run) {
    SCOPED_TRACE(run.name);
    Buffer<float> parameters(start), m(std::vector<double>(n, 0.0)), v(std::vector<double>(n, 0.0));
    for (int step = 1; step <= kSteps; ++step) {
      const std::vector<double> gradients = draw<float>("gradients" + std::to_string(step), n, n, -1, 1);
      const Buffer<float> g(gradients);
      const reference::AdamState expected =
          reference::adam({parameters.values(), m.values(), v.values()}, gradients,
                          {.learning_rate = 1.5e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .step = step});
      adam_update(run.stream, parameters.data(), m.data(), v.data(), g.data(), n, {.step = step}, run.options);
      expect_close("parameters", parameters, expected.parameters, std::vector<double>(n, 1.0), 2);
      expect_close("m", m, expected.m, std::vector<double>(n, 1.0), 4);
      expect_close("v", v, expected.v, expected.v, 8);
    }
    same.everywhere(run, "parameters", parameters.bytes());
    same.everywhere(run, "v", v.bytes());
  });
}

TEST(AdamKernel, EqualsTheReference) {
  for (const std::size_t n : {1u, 3u, 7u, 8u, 13u, 61u, 256u, 8191u, 8193u, 20011u}) {
    SCOPED_TRACE(n);
    expect_equals_reference(n);
  }
}

// With no gradient yet, the quotient is 0 / (0 + eps).
TEST(AdamKernel, LeavesParametersWithoutGradientAlone) {
  for_each_run([](const KernelRun& run) {
    Buffer<float> parameters(std::vector<double>{0.25, -3}), zeros(std::vector<double>{0, 0});
    Buffer<float> m(std::vector<double>{0, 0}), v(std::vector<double>{0, 0});
    adam_update(run.stream, parameters.data(), m.data(), v.data(), zeros.data(), 2, {}, run.options);
    EXPECT_EQ(parameters.values(), (std::vector<double>{0.25, -3}));
  });
}

}  // namespace
}  // namespace posecu
