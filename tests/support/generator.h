// The number generator of the golden data: u(name, i) in [0,1), exact in float32, and what is made from it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/view.h"

namespace posecu {

std::uint64_t golden_hash(std::string_view name);                // h(name): FNV-1a 64
double golden_uniform(std::uint64_t hash, std::uint64_t index);  // u(name, i) with hash = golden_hash(name)
std::vector<double> golden_uniforms(std::string_view name, std::size_t n);

// The weight rule of every golden network: values of the state-dict entry `name` of `shape` (goldens README,
// "Weights").
struct GoldenWeightRule {
  std::string salt;
  double heatmap_gain = 0.6, tag_gain = 0.6;
};
std::vector<float> golden_weights(const GoldenWeightRule& rule, std::string_view name, const Shape& shape);

// The image tensor [N,3,H,W] of `name`: 2*(2u-1), returned as NHWC.
std::vector<float> golden_image_nhwc(std::string_view name, int n, int h, int w);

// n, sum, abs_sum and dot of the README's "checksum" objects.
struct Checksum {
  std::size_t n = 0;
  double sum = 0, abs_sum = 0, dot = 0;
};
template <class Values>
Checksum checksum(const Values& values) {
  Checksum result;
  const std::uint64_t hash = golden_hash("checksum");
  for (const auto value : values) {
    const auto v = static_cast<double>(value);
    result.sum += v;
    result.abs_sum += v < 0 ? -v : v;
    result.dot += v * (2 * golden_uniform(hash, result.n) - 1);
    ++result.n;
  }
  return result;
}

}  // namespace posecu
