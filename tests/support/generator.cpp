#include "tests/support/generator.h"

#include <cmath>

namespace posecu {

std::uint64_t golden_hash(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

double golden_uniform(std::uint64_t hash, std::uint64_t index) {
  std::uint64_t z = hash + index + 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  z ^= z >> 31;
  return static_cast<double>(z >> 40) * 0x1p-24;
}

std::vector<double> golden_uniforms(std::string_view name, std::size_t n) {
  const std::uint64_t hash = golden_hash(name);
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = golden_uniform(hash, i);
  return values;
}

std::vector<float> golden_weights(const GoldenWeightRule& rule, std::string_view name, const Shape& shape) {
  const std::vector<double> u = golden_uniforms(rule.salt + std::string(name), shape.elements());
  std::vector<float> values(u.size());
  const auto fill = [&](double scale, double offset) {
    for (std::size_t i = 0; i < u.size(); ++i) values[i] = static_cast<float>(scale * u[i] + offset);
  };
  const auto fill_symmetric = [&](double factor) {
    for (std::size_t i = 0; i < u.size(); ++i) values[i] = static_cast<float>((2 * u[i] - 1) * factor);
  };
  if (name.ends_with("running_mean") || name.ends_with("bias")) {
    for (std::size_t i = 0; i < u.size(); ++i) values[i] = static_cast<float>(0.1 * (2 * u[i] - 1));
  } else if (name.ends_with("running_var")) {
    fill(1, 0.5);
  } else if (shape.rank() == 1) {
    fill(0.5, 0.75);
  } else {
    const bool transposed = name == "head.deconv_layers.0.weight";
    const double fan_in = transposed ? shape[0] * 16 / 4.0 : static_cast<double>(shape[1]) * shape[2] * shape[3];
    double gain = 0.6;
    if (name.starts_with("head.hms_pred_layers")) gain = rule.heatmap_gain;
    if (name.starts_with("head.tms_pred_layers")) gain = rule.tag_gain;
    fill_symmetric(std::sqrt(3 / fan_in) * gain);
  }
  return values;
}

std::vector<float> golden_image_nhwc(std::string_view name, int n, int h, int w) {
  const std::uint64_t hash = golden_hash(name);
  const auto height = static_cast<std::size_t>(h), width = static_cast<std::size_t>(w);
  std::vector<float> values(static_cast<std::size_t>(n) * height * width * 3);
  std::size_t index = 0;
  for (std::size_t image = 0; image < static_cast<std::size_t>(n); ++image) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      for (std::size_t pixel = 0; pixel < height * width; ++pixel) {
        const double value = 2 * (2 * golden_uniform(hash, index++) - 1);
        values[(image * height * width + pixel) * 3 + channel] = static_cast<float>(value);
      }
    }
  }
  return values;
}

}  // namespace posecu
