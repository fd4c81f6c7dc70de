// Counter-based random numbers (Philox 4x32-10, Salmon et al. 2011): a draw depends on its key and its position alone,
// never on threads, on order or on what was drawn for other samples.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace posecu {

// What draws are for: two purposes never share numbers.
enum class RandomPurpose : std::uint32_t { weights, shuffle, augmentation, synthesis, test };

class Random {
 public:
  // `sample` is any 64-bit name of the thing drawn for: the index of a picture, the hash of a parameter's name.
  Random(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample, RandomPurpose purpose);

  std::uint32_t bits();
  double uniform();                            // [0,1), 53 bits
  double uniform(double least, double limit);  // [least,limit)
  bool chance(double probability) { return uniform() < probability; }
  int below(int n);  // 0 .. n-1, without bias; n >= 1
  double normal();   // mean 0, deviation 1 (Box-Muller)

 private:
  void refill();

  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_, block_{};
  int used_ = 4;
};

// FNV-1a of a text: a name for Random's `sample`.
std::uint64_t hash_name(std::string_view name);

}  // namespace posecu
