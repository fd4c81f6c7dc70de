#include "training/adam.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "tests/support/device.h"

namespace posecu {
namespace {

using Values = std::vector<double>;

// Two parameters that leave gaps in the flat buffer, with a running statistic between them.
struct TwoParameters {
  TwoParameters() : context(test_context_options({.threads = 2, .memory = 1 << 20})) {
    first = &parameters.add("a", {3, 7}, ParameterRole::trained, InitialValue::zero);
    statistic = &parameters.add("s", {5}, ParameterRole::running_statistic, InitialValue::one);
    second = &parameters.add("b", {70}, ParameterRole::trained, InitialValue::one);
    parameters.allocate(context, Parameters::Gradients::allocate);
    parameters.initialise(0);
  }
  Context context;
  Parameters parameters;
  Parameter *first, *statistic, *second;
};

void draw_gradients(TwoParameters& net, int step) {
  Random random(1, static_cast<std::uint64_t>(step), 0, RandomPurpose::test);
  for (const Parameter* parameter : {net.first, net.second}) {
    for (float& g : parameter->gradient)
      g = static_cast<float>(std::exp(random.uniform(-12, 4)) * random.uniform(-1, 1));
  }
}

void update(TwoParameters& net, Adam& adam, double lr) {
  const auto state = net.context.tensor<StepState>({1});
  const StepState decided{.adam = adam.next_factors(lr), .finite = 1};
  net.context.upload<StepState>(state, {&decided, 1});
  adam.update(net.context, state);
  adam.count_update();
}

// Kingma & Ba's algorithm 1, with eps where PyTorch adds it.
class Reference {
 public:
  explicit Reference(View<float> start) : p_(start.begin(), start.end()), m_(p_.size()), v_(p_.size()) {}
  void update(View<float> gradients, double lr, const AdamOptions& o) {
    ++t_;
    for (std::size_t i = 0; i < p_.size(); ++i) {
      const double g = gradients.data()[i];
      m_[i] = o.beta1 * m_[i] + (1 - o.beta1) * g;
      v_[i] = o.beta2 * v_[i] + (1 - o.beta2) * g * g;
      const double m = m_[i] / (1 - std::pow(o.beta1, t_)), v = v_[i] / (1 - std::pow(o.beta2, t_));
      p_[i] -= lr * m / (std::sqrt(v) + o.eps);
    }
  }
  const Values& parameters() const { return p_; }

 private:
  Values p_, m_, v_;
  int t_ = 0;
};

TEST(Adam, FollowsTheDoubleReferenceForManyUpdates) {
  for (const AdamOptions& options : {AdamOptions{}, AdamOptions{.lr = 1, .beta1 = 0.5, .beta2 = 0.9, .eps = 1e-3}}) {
    TwoParameters net;
    Adam adam(net.context, net.parameters, options);
    Reference first(net.first->value), second(net.second->value);
    for (int step = 0; step < 50; ++step) {
      draw_gradients(net, step);
      const double lr = 1e-3 / (1 + step);
      update(net, adam, lr);
      first.update(net.first->gradient, lr, options);
      second.update(net.second->gradient, lr, options);
    }
    // An update is at most about lr; each adds a few float roundings of itself and one of the parameter.
    for (std::size_t i = 0; i < 21; ++i) EXPECT_NEAR(net.first->value.data()[i], first.parameters()[i], 5e-8);
    for (std::size_t i = 0; i < 70; ++i) EXPECT_NEAR(net.second->value.data()[i], second.parameters()[i], 2e-6);
    EXPECT_EQ(adam.updates(), 50);
  }
}

TEST(Adam, LeavesGapsAndRunningStatisticsAlone) {
  TwoParameters net;
  Adam adam(net.context, net.parameters, {});
  draw_gradients(net, 0);
  update(net, adam, 0.1);
  for (const float value : net.statistic->value) EXPECT_EQ(value, 1);
  const View<float> flat = net.parameters.trained();
  for (std::size_t i = 21; i < 64; ++i) EXPECT_EQ(flat.data()[i], 0) << i;
  for (std::size_t i = 64 + 70; i < flat.elements(); ++i) EXPECT_EQ(flat.data()[i], 0) << i;
}

TEST(Adam, GoesOnExactlyFromRestoredState) {
  TwoParameters straight, resumed;
  Adam one(straight.context, straight.parameters, {}), two(resumed.context, resumed.parameters, {});
  for (int step = 0; step < 3; ++step) draw_gradients(straight, step), update(straight, one, 1e-2);
  std::ranges::copy(straight.parameters.trained(), resumed.parameters.trained().data());
  std::ranges::copy(one.first_moments(), two.first_moments().data());
  std::ranges::copy(one.second_moments(), two.second_moments().data());
  two.restore_updates(one.updates());
  draw_gradients(straight, 3), update(straight, one, 1e-2);
  draw_gradients(resumed, 3), update(resumed, two, 1e-2);
  EXPECT_TRUE(std::ranges::equal(straight.parameters.trained(), resumed.parameters.trained()));
}

}  // namespace
}  // namespace posecu
