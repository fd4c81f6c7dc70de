#include "core/random.h"

#include <cmath>
#include <numbers>

#include "core/error.h"

namespace posecu {
namespace {

// Two rounds of splitmix64's finaliser: turns structured numbers (epoch 3, sample 17) into an unstructured key.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }

}  // namespace

Random::Random(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample, RandomPurpose purpose) {
  const std::uint64_t key = mix(mix(seed) ^ static_cast<std::uint64_t>(purpose));
  const std::uint64_t place = mix(mix(epoch) ^ sample);
  key_ = {low(key), high(key)};
  counter_ = {0, 0, low(place), high(place)};
}

void Random::refill() {
  block_ = counter_;
  std::array<std::uint32_t, 2> key = key_;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53U} * block_[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * block_[2];
    block_ = {high(b) ^ block_[1] ^ key[0], low(b), high(a) ^ block_[3] ^ key[1], low(a)};
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
  if (++counter_[0] == 0) ++counter_[1];
  used_ = 0;
}

std::uint32_t Random::bits() {
  if (used_ == 4) refill();
  return block_[static_cast<std::size_t>(used_++)];
}

double Random::uniform() {
  const std::uint64_t upper = bits(), lower = bits();
  return static_cast<double>((upper << 21) ^ (lower >> 11)) * 0x1p-53;
}

double Random::uniform(double least, double limit) { return least + (limit - least) * uniform(); }

int Random::below(int n) {
  require(n >= 1, "a draw from no numbers");
  const auto range = static_cast<std::uint32_t>(n);
  const std::uint32_t biased = static_cast<std::uint32_t>(-range) % range;  // 2^32 mod n: this many draws are left out
  std::uint32_t draw = bits();
  while (draw < biased) draw = bits();
  return static_cast<int>(draw % range);
}

double Random::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

std::uint64_t hash_name(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

}  // namespace posecu
