#include "kernel_test.h"

#include <fmt/format.h>

#include <algorithm>
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

KernelMemory::KernelMemory(std::size_t size, std::size_t element)
    : size_(size), bytes_(block_size() + kAlignment, std::byte{0xff}) {
  void* place = bytes_.data() + kRedZone;
  std::size_t room = bytes_.size() - kRedZone;
  host_ = static_cast<std::byte*>(std::align(kAlignment, size + kRedZone, place, room));
  attach(element);
}

KernelMemory::~KernelMemory() {
  refresh();
  for (std::size_t i = 0; i < kRedZone; ++i)
    if (host_[-1 - static_cast<std::ptrdiff_t>(i)] != std::byte{0xff} || host_[size_ + i] != std::byte{0xff}) {
      ADD_FAILURE() << "a kernel wrote within " << i + 1 << " bytes outside of a buffer";
      break;
    }
  detach();
}

template <class T>
Buffer<T>::Buffer(const std::vector<double>& values) : Buffer(values.size()) {
  std::ranges::transform(values, host().begin(), [](double value) { return rounded<T>(value); });
}
template <class T>
std::vector<double> Buffer<T>::values() const {
  std::vector<double> result;
  for (const T value : host()) result.push_back(number(value));
  return result;
}
template <class T>
void Buffer<T>::fill(double value) {
  std::ranges::fill(host(), rounded<T>(value));
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
