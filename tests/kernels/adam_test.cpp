#include "kernels/adam.h"

#include "kernel_test.h"
#include "tests/reference/adam.h"

namespace posecu {
namespace {

constexpr int kSteps = 3;

enum class Finite { no, yes };

// A step's state where kernels may read it.
class State {
 public:
  explicit State(const AdamRule& rule, float loss_scale = 1, Finite finite = Finite::yes) : buffer_(1) {
    buffer_[0] = {.adam = adam_factors(rule), .loss_scale = loss_scale, .finite = finite == Finite::yes ? 1 : 0};
  }
  const StepState* data() const { return buffer_.data(); }

 private:
  Buffer<StepState> buffer_;
};

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
      adam_update(run.stream, parameters.data(), m.data(), v.data(), g.data(), n, State({.step = step}).data(),
                  run.options);
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
    adam_update(run.stream, parameters.data(), m.data(), v.data(), zeros.data(), 2, State({}).data(), run.options);
    EXPECT_EQ(parameters.values(), (std::vector<double>{0.25, -3}));
  });
}

// The scale is a power of 2: not one bit differs.
TEST(AdamKernel, DividesGradientsByTheLossScale) {
  for (const std::size_t n : {5u, 8197u}) {
    const std::vector<double> gradients = draw<float>("gradients", n, n, -1, 1);
    std::vector<double> scaled = gradients;
    for (double& value : scaled) value *= 65536;
    for_each_run([&](const KernelRun& run) {
      std::vector<std::vector<double>> results;
      for (const float scale : {1.F, 65536.F}) {
        Buffer<float> parameters(std::vector<double>(n, 0.5)), m(std::vector<double>(n, 0.0)),
            v(std::vector<double>(n, 0.0));
        const Buffer<float> g(scale == 1 ? gradients : scaled);
        adam_update(run.stream, parameters.data(), m.data(), v.data(), g.data(), n, State({}, scale).data(),
                    run.options);
        results.push_back(parameters.values());
        results.push_back(v.values());
      }
      EXPECT_EQ(results[0], results[2]);
      EXPECT_EQ(results[1], results[3]);
    });
  }
}

TEST(AdamKernel, ChangesNothingInAStepThatIsNotFinite) {
  for (const std::size_t n : {5u, 8197u}) {
    const std::vector<double> start = draw<float>("parameters", n, n, -1, 1);
    for_each_run([&](const KernelRun& run) {
      Buffer<float> parameters(start), m(start), v(start);
      const Buffer<float> g(std::vector<double>(n, NAN));
      adam_update(run.stream, parameters.data(), m.data(), v.data(), g.data(), n, State({}, 1, Finite::no).data(),
                  run.options);
      EXPECT_EQ(parameters.values(), start);
      EXPECT_EQ(m.values(), start);
      EXPECT_EQ(v.values(), start);
    });
  }
}

}  // namespace
}  // namespace posecu
