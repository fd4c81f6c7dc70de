// The runtime's vector functions and collectives, one by one.
#include <algorithm>
#include <bit>

#include "kernel_test.h"
#include "vec_probe.h"

namespace posecu {
namespace {

// How many floats lie between `found` and the float nearest to `expected`.
double units_off(float found, double expected) {
  const auto nearest = static_cast<float>(expected);
  return std::abs(static_cast<double>(std::bit_cast<std::int32_t>(found)) - std::bit_cast<std::int32_t>(nearest));
}

struct Columns {
  explicit Columns(std::size_t n)
      : exp(n), log(n), sqrt(n), abs(n), negative(n), least(n), most(n), chosen(n), narrow(n), half(n) {}
  VecResults pointers() {
    return {exp.data(),   log.data(),  sqrt.data(),   abs.data(),    negative.data(),
            least.data(), most.data(), chosen.data(), narrow.data(), half.data()};
  }
  Buffer<float> exp, log, sqrt, abs, negative, least, most, chosen;
  Buffer<bfloat16> narrow;
  Buffer<float16> half;
};

// Values over the range that kernels meet, and the places where the polynomials' pieces join.
std::vector<double> operands() {
  std::vector<double> x = draw<float>("x", 1, 20000, -87, 88);
  for (const double value : draw<float>("small", 2, 4000, -1, 1)) x.push_back(value);
  for (const double value : {0.5, 1.0, 2.0, 0.70710678, 1.41421356, 0.34657359, -0.34657359, 1e-30, 3e38, 65536.0})
    x.push_back(number(rounded<float>(value)));
  while (x.size() % 8 != 0) x.push_back(1.5);
  return x;
}

TEST(VecTest, FunctionsAreRightToTheLastPlaces) {
  const std::vector<double> x = operands(), z = draw<float>("z", 3, x.size(), -2, 2);
  for_each_run([&](const KernelRun& run) {
    const Buffer<float> bx(x), bz(z);
    Columns found(x.size());
    probe_vec(run.stream, found.pointers(), bx.data(), bz.data(), static_cast<int>(x.size()), run.options);
    for (std::size_t i = 0; i < x.size(); ++i) {
      SCOPED_TRACE(x[i]);
      const double a = x[i], b = z[i];
      if (a < 88) {
        ASSERT_LE(units_off(found.exp[i], std::exp(a)), 2);
      }
      // Near 1 the logarithm is as small as its argument's last place: an absolute error of it is enough.
      if (std::abs(std::abs(a) - 1) > 0.3) {
        ASSERT_LE(units_off(found.log[i], std::log(std::abs(a))), 2);
      } else {
        ASSERT_NEAR(number(found.log[i]), std::log(std::abs(a)), 0x1p-24);
      }
      ASSERT_EQ(found.sqrt[i], std::sqrt(static_cast<float>(std::abs(a))));
      ASSERT_EQ(number(found.abs[i]), std::abs(a));
      ASSERT_EQ(number(found.negative[i]), -a);
      ASSERT_EQ(number(found.least[i]), std::min(a, b));
      ASSERT_EQ(number(found.most[i]), std::max(a, b));
      ASSERT_EQ(number(found.chosen[i]), a < b && b <= 1 ? a : (a >= b ? b : 0));
      ASSERT_EQ(number(found.narrow[i]), number(rounded<bfloat16>(a)));
      ASSERT_EQ(number(found.half[i]), number(rounded<float16>(a)));
    }
  });
}

TEST(VecTest, ExpAndLogKeepTheirLimits) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for_each_run([&](const KernelRun& run) {
    Buffer<float> x(8), z(8);
    const float values[] = {-kInfinity, -200.f, kInfinity, 0.f, 1.f, -0.f, 3.4e38f, -104.f};
    std::ranges::copy(values, x.host().begin());
    z.fill(0);
    Columns found(8);
    probe_vec(run.stream, found.pointers(), x.data(), z.data(), 8, run.options);
    EXPECT_EQ(found.exp[0], 0.f);
    EXPECT_EQ(found.exp[1], 0.f);
    EXPECT_EQ(found.exp[3], 1.f);
    EXPECT_EQ(found.log[2], kInfinity);
    EXPECT_EQ(found.log[4], 0.f);
    EXPECT_NEAR(found.exp[7], 0.f, 1e-44);
  });
}

// Every exponent, ties on both sides, the largest number and beyond, the smallest and below; NaN.
TEST(VecTest, StoresEveryKindOfHalf) {
  std::vector<double> x = {65504, 65519, 65520, 1e30, 0x1p-24, 0x1p-25, 0x1.8p-25, 0x1.8p-24, 0x1.ff8p-15, 0, -0.0};
  for (int exponent = -26; exponent <= 16; ++exponent)
    for (const double digits : {1.0, 0x1.002p0, 0x1.006p0, 0x1.0021p0, 0x1.ffep0, 1.37})
      x.push_back(std::ldexp(exponent % 2 == 0 ? digits : -digits, exponent));
  while (x.size() % 8 != 0) x.push_back(std::numeric_limits<double>::quiet_NaN());
  for_each_run([&](const KernelRun& run) {
    Columns found(x.size());
    Buffer<float> bx(x.size()), z(x);
    for (std::size_t i = 0; i < x.size(); ++i) bx[i] = static_cast<float>(x[i]);
    probe_vec(run.stream, found.pointers(), bx.data(), z.data(), static_cast<int>(x.size()), run.options);
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (std::isnan(x[i])) {
        EXPECT_TRUE(std::isnan(number(found.half[i])));
      } else {
        EXPECT_EQ(found.half[i].bits, rounded<float16>(number(bx[i])).bits) << x[i];
      }
    }
  });
}

TEST(CollectivesTest, JoinAllThreadsTwiceInARow) {
  for (const int n : {1, 31, 64, 257, 1000}) {
    SCOPED_TRACE(n);
    const std::vector<double> x = draw<float>("x", 1, static_cast<std::size_t>(n), -1, 0);
    double sum = 0, most = -1;
    for (const double value : x) sum += value, most = std::max(most, value);
    for_each_run([&](const KernelRun& run) {
      const Buffer<float> bx(x);
      Buffer<double> total(2);
      Buffer<float> largest(2);
      probe_collectives(run.stream, total.data(), largest.data(), bx.data(), n, run.options);
      for (std::size_t round = 0; round < 2; ++round) {
        EXPECT_NEAR(total[round], sum, n * 0x1p-52 * n);
        EXPECT_EQ(number(largest[round]), most);
      }
    });
  }
}

}  // namespace
}  // namespace posecu
