#include "tests/pose/golden_maps.h"

#include <algorithm>
#include <string>

#include "core/safetensors.h"
#include "tests/support/generator.h"

namespace posecu {
namespace {

using Json = nlohmann::json;

struct Joint {
  double x, y, a;
  std::vector<double> tag;
};

// What one side's channel k shows of each person (a != 0).
std::vector<Joint> joints_of(const Json& settings, int side, int k) {
  const bool mirrored = side == 1;
  const std::size_t joint =
      mirrored ? settings["flip_index"][static_cast<std::size_t>(k)].get<std::size_t>() : static_cast<std::size_t>(k);
  std::vector<Joint> joints;
  for (const Json& person : settings["people"]) {
    const Json& values = person["joints"][joint];
    Joint shown{values[0], values[1], values[2], person["tag"].get<std::vector<double>>()};
    if (shown.a == 0) continue;
    if (mirrored) {
      shown.x = settings["base_size"][0].get<double>() - shown.x;
      shown.a *= settings["flip_gain"].get<double>();
      for (double& t : shown.tag)
        t = t * settings["flip_tag_mul"].get<double>() + settings["flip_tag_add"].get<double>();
    }
    joints.push_back(std::move(shown));
  }
  return joints;
}

struct Pixels {
  int width, height;
  double step_x, step_y;
  double x(int column) const { return (column + 0.5) * step_x; }
  double y(int row) const { return (row + 0.5) * step_y; }
};

Pixels pixels(const Json& settings, int width, int height) {
  return {width, height, settings["base_size"][0].get<double>() / width,
          settings["base_size"][1].get<double>() / height};
}

double squared_distance(const Joint& joint, double x, double y) {
  return (x - joint.x) * (x - joint.x) + (y - joint.y) * (y - joint.y);
}

double heat(const std::vector<Joint>& joints, double x, double y, double spread) {
  double value = 0;
  for (const Joint& joint : joints) {
    const double q = squared_distance(joint, x, y) / (spread * spread);
    value = std::max(value, joint.a / ((1 + q) * (1 + q)));
  }
  return value;
}

void make_heatmaps(GoldenSource& source, const Json& settings, const std::string& name) {
  const Pixels map = pixels(settings, source.width, source.height);
  const std::uint64_t hash = golden_hash(name);
  for (int side = 0; side < source.sides; ++side)
    for (int k = 0; k < source.keypoints; ++k) {
      const std::vector<Joint> joints = joints_of(settings, side, k);
      for (int i = 0; i < map.height; ++i)
        for (int j = 0; j < map.width; ++j) {
          double value = heat(joints, map.x(j), map.y(i), settings["spread"]) + settings["offset"].get<double>();
          value += settings["noise"].get<double>() * (2 * golden_uniform(hash, source.heatmaps.size()) - 1);
          source.heatmaps.push_back(static_cast<float>(value));
        }
    }
}

void make_embeddings(GoldenSource& source, const Json& settings, const std::string& name) {
  const Pixels map = pixels(settings, source.tag_width, source.tag_height);
  const std::uint64_t hash = golden_hash(name);
  for (int side = 0; side < source.sides; ++side)
    for (int k = 0; k < source.keypoints; ++k) {
      const std::vector<Joint> joints = joints_of(settings, side, k);
      for (int i = 0; i < map.height; ++i)
        for (int j = 0; j < map.width; ++j) {
          const auto nearest = std::ranges::min_element(
              joints, {}, [&](const Joint& joint) { return squared_distance(joint, map.x(j), map.y(i)); });
          for (std::size_t m = 0; m < static_cast<std::size_t>(source.dims); ++m) {
            double value = nearest == joints.end() ? 0 : nearest->tag[m];
            value += settings["tag_noise"].get<double>() * (2 * golden_uniform(hash, source.embeddings.size()) - 1);
            source.embeddings.push_back(static_cast<float>(value));
          }
        }
    }
}

// [sides,K,h,w,M] -> [sides,h,w,K*M]
void channels_last(const std::vector<float>& values, float* out, int sides, int keypoints, int pixels, int dims) {
  const float* value = values.data();
  for (int side = 0; side < sides; ++side)
    for (int k = 0; k < keypoints; ++k)
      for (int p = 0; p < pixels; ++p)
        for (int m = 0; m < dims; ++m) out[((side * pixels + p) * keypoints + k) * dims + m] = *value++;
}

}  // namespace

GoldenSource golden_source(const Json& settings, const std::filesystem::path& folder, int number) {
  const Json& map = settings["maps"][static_cast<std::size_t>(number)];
  GoldenSource source;
  source.sides = settings["with_flip"].get<bool>() ? 2 : 1;
  source.width = map["heatmap_wh"][0], source.height = map["heatmap_wh"][1];
  source.tag_width = map["tag_wh"][0], source.tag_height = map["tag_wh"][1];
  source.keypoints = settings["K"], source.dims = settings["M"];
  if (const auto stored = folder / "maps.safetensors"; std::filesystem::exists(stored)) {
    const Safetensors tensors = Safetensors::read(stored);
    source.heatmaps = tensors.floats("hms" + std::to_string(number));
    source.embeddings = tensors.floats("tms" + std::to_string(number));
  } else {
    const std::string salt = settings["salt"];
    make_heatmaps(source, settings, salt + "/hms" + std::to_string(number));
    make_embeddings(source, settings, salt + "/tms" + std::to_string(number));
  }
  return source;
}

SourceTensors::SourceTensors(Context& context, const GoldenSource& source)
    : heatmaps(context.tensor<float>({source.sides, source.height, source.width, source.keypoints})),
      embeddings(
          context.tensor<float>({source.sides, source.tag_height, source.tag_width, source.keypoints * source.dims})) {
  channels_last(source.heatmaps, heatmaps.data(), source.sides, source.keypoints, source.height * source.width, 1);
  channels_last(source.embeddings, embeddings.data(), source.sides, source.keypoints,
                source.tag_height * source.tag_width, source.dims);
}

}  // namespace posecu
