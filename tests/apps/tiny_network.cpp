#include "tests/apps/tiny_network.h"

#include <deque>

#include "core/safetensors.h"

namespace posecu {

void write_weights(const std::filesystem::path& path, const NetworkOptions& options, const GoldenWeightRule& rule,
                   const std::map<std::string, std::string>& metadata) {
  Parameters parameters;
  const Network network(parameters, options);
  std::deque<std::vector<float>> values;
  std::vector<StoredTensor> tensors;
  for (const Parameter& parameter : parameters.all()) {
    values.push_back(golden_weights(rule, parameter.name, parameter.shape));
    std::vector<std::int64_t> shape;
    for (int axis = 0; axis < parameter.shape.rank(); ++axis) shape.push_back(parameter.shape[axis]);
    tensors.push_back({parameter.name, DataType::f32, shape, std::as_bytes(std::span(values.back()))});
  }
  write_safetensors(path.string(), tensors, metadata);
}

std::filesystem::path one_picture_set() { return std::filesystem::path(POSECU_SOURCE_FOLDER) / "examples/one_picture"; }

void write_input(const std::filesystem::path& path, const std::string& name, int n, int h, int w) {
  const std::vector<float> nhwc = golden_image_nhwc(name, n, h, w);
  std::vector<float> nchw;
  for (int picture = 0; picture < n; ++picture)
    for (int c = 0; c < 3; ++c)
      for (int pixel = 0; pixel < h * w; ++pixel)
        nchw.push_back(nhwc[static_cast<std::size_t>((picture * h * w + pixel) * 3 + c)]);
  const StoredTensor tensor{"input", DataType::f32, {n, 3, h, w}, std::as_bytes(std::span(nchw))};
  write_safetensors(path.string(), std::span(&tensor, 1), {});
}

}  // namespace posecu
