#include "kernel_test.h"

#include <fmt/format.h>

#include <bit>
#include <limits>

namespace posecu {

double number(float value) { return value; }
double number(bfloat16 value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16); }
double number(float16 value) {
  const int exponent = value.bits >> 10 & 31, mantissa = value.bits & 1023;
  const double sign = value.bits >> 15 != 0 ? -1 : 1;
  if (exponent == 31) return sign * (mantissa == 0 ? INFINITY : NAN);
  return sign * std::ldexp(exponent == 0 ? mantissa : 1024 + mantissa, std::max(exponent, 1) - 25);
}

template <>
float rounded<float>(double value) {
  return static_cast<float>(value);
}
// To the nearest of the two neighbours, ties to the even one. (Rounding to float first may round twice; the values
// that tests draw have few enough digits.)
template <>
bfloat16 rounded<bfloat16>(double value) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  const bfloat16 below{static_cast<std::uint16_t>(bits >> 16)}, above{static_cast<std::uint16_t>((bits >> 16) + 1)};
  const double to_below = std::abs(value - number(below)), to_above = std::abs(value - number(above));
  if (to_below == to_above) return below.bits % 2 == 0 ? below : above;
  return to_below < to_above ? below : above;
}
template <>
float16 rounded<float16>(double value) {
  // Of the result: of numbers below 2^-14, and of larger ones by their exponent.
  const int last_place = value == 0 ? -24 : std::max(std::ilogb(value) - 10, -24);
  const double digits = std::nearbyint(std::ldexp(std::abs(value), -last_place));  // at most 2048: then it carries over
  const auto bits = static_cast<int>(digits) + (last_place + 24) * 1024;
  return {static_cast<std::uint16_t>(std::min(bits, 0x7c00) | (std::signbit(value) ? 0x8000 : 0))};
}

template <class T>
Buffer<T>::Buffer(const std::vector<double>& values) : Buffer(values.size()) {
  for (std::size_t i = 0; i < size_; ++i) data_[i] = rounded<T>(values[i]);
}
template <class T>
std::vector<double> Buffer<T>::values() const {
  std::vector<double> result;
  for (std::size_t i = 0; i < size_; ++i) result.push_back(number(data_[i]));
  return result;
}
template <class T>
void Buffer<T>::fill(double value) {
  for (std::size_t i = 0; i < size_; ++i) data_[i] = rounded<T>(value);
}
template class Buffer<float>;
template class Buffer<bfloat16>;
template class Buffer<float16>;

template <class T>
std::vector<double> draw(std::string_view name, std::uint64_t seed, std::size_t n, double least, double limit) {
  Random random(seed, 0, hash_name(name), RandomPurpose::test);
  std::vector<double> values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(number(rounded<T>(random.uniform(least, limit))));
  return values;
}
template std::vector<double> draw<float>(std::string_view, std::uint64_t, std::size_t, double, double);
template std::vector<double> draw<bfloat16>(std::string_view, std::uint64_t, std::size_t, double, double);
template std::vector<double> draw<float16>(std::string_view, std::uint64_t, std::size_t, double, double);

#ifdef POSECU_SIMT

void for_each_run(const std::function<void(const KernelRun&)>& check) {
  for (const int threads : {1, 32, 96, 256})
    for (const unsigned seed : {1u, 2u, 3u}) {
      const KernelRun run{{}, {threads}, fmt::format("block of {} threads, schedule {}", threads, seed)};
      SCOPED_TRACE(run.name);
      simt::set_seed(seed);
      simt::clear_reports();
      check(run);
      for (const std::string& report : simt::reports()) ADD_FAILURE() << report;
      simt::clear_reports();
    }
}

#else

void for_each_run(const std::function<void(const KernelRun&)>& check) {
  ThreadPool pool(3);
  const Stream alone, pooled{.pool = &pool};
  for (const KernelRun& run :
       {KernelRun{alone, {}, "calling thread"}, {pooled, {}, "pool of 3"}, {pooled, {}, "pool of 3 again"}}) {
    SCOPED_TRACE(run.name);
    check(run);
  }
}

#endif

void SameBits::everywhere(const KernelRun& run, const std::string& name, std::span<const std::byte> result) {
  const auto [first, inserted] = seen_.try_emplace(name, result.begin(), result.end());
  if (inserted) return;
  EXPECT_TRUE(std::equal(result.begin(), result.end(), first->second.begin(), first->second.end()))
      << name << " has other bits in " << run.name << " than in the first run";
}

void SameBits::at_one_block_size(const KernelRun& run, const std::string& name, std::span<const std::byte> result) {
  everywhere(run, fmt::format("{} at {} threads", name, run.options.threads), result);
}

// Half a unit of the last place: relative, and of the smallest numbers.
struct Rounding {
  double relative, least;
};
template <class T>
constexpr Rounding kRounding{0x1p-24, 0x1p-126};
template <>
constexpr Rounding kRounding<bfloat16>{0x1p-8, 0x1p-126};
template <>
constexpr Rounding kRounding<float16>{0x1p-11, 0x1p-25};

template <class T>
void expect_close(const std::string& name, const Buffer<T>& actual, const std::vector<double>& expected,
                  const std::vector<double>& magnitude, double terms) {
  ASSERT_EQ(actual.size(), expected.size()) << name;
  ASSERT_EQ(actual.size(), magnitude.size()) << name;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double bound =
        terms * 0x1p-24 * magnitude[i] + 1.01 * kRounding<T>.relative * std::abs(expected[i]) + kRounding<T>.least;
    ASSERT_LE(std::abs(number(actual[i]) - expected[i]), bound)
        << name << '[' << i << "] is " << number(actual[i]) << ", expected " << expected[i];
    ASSERT_FALSE(std::isnan(number(actual[i]))) << name << '[' << i << "] was not written";
  }
}
template void expect_close(const std::string&, const Buffer<float>&, const std::vector<double>&,
                           const std::vector<double>&, double);
template void expect_close(const std::string&, const Buffer<bfloat16>&, const std::vector<double>&,
                           const std::vector<double>&, double);
template void expect_close(const std::string&, const Buffer<float16>&, const std::vector<double>&,
                           const std::vector<double>&, double);

}  // namespace posecu
