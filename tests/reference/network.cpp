#include "tests/reference/network.h"

#include <algorithm>
#include <cmath>

namespace posecu::reference {

Map enlarge(const Map& x, int factor) {
  Map y(x.n, x.h * factor, x.w * factor, x.c);
  for (int b = 0; b < y.n; ++b)
    for (int i = 0; i < y.h; ++i)
      for (int j = 0; j < y.w; ++j)
        for (int k = 0; k < y.c; ++k) y.at(b, i, j, k) = x.at(b, i / factor, j / factor, k);
  return y;
}

Map side_by_side(const Map& a, const Map& b) {
  Map y(a.n, a.h, a.w, a.c + b.c);
  for (int n = 0; n < y.n; ++n)
    for (int i = 0; i < y.h; ++i)
      for (int j = 0; j < y.w; ++j)
        for (int k = 0; k < y.c; ++k) y.at(n, i, j, k) = k < a.c ? a.at(n, i, j, k) : b.at(n, i, j, k - a.c);
  return y;
}

Map Network::relu(Map x) {
  for (double& value : x.values) {
    nearest_kink = std::min(nearest_kink, std::abs(value));
    value = std::max(value, 0.0);
  }
  return x;
}

Map Network::add_relu(const Map& a, const Map& b) {
  Map sum = a;
  for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += b.values[i];
  return relu(std::move(sum));
}

Map Network::batch_norm(const Map& x, const std::string& name) const {
  const auto channels = static_cast<std::size_t>(x.c);
  const double count = static_cast<double>(x.values.size()) / x.c;
  Values mean = weights.at(name + ".running_mean"), var = weights.at(name + ".running_var");
  if (statistics == Statistics::batch) {
    std::ranges::fill(mean, 0);
    std::ranges::fill(var, 0);
    for (std::size_t i = 0; i < x.values.size(); ++i) mean[i % channels] += x.values[i] / count;
    for (std::size_t i = 0; i < x.values.size(); ++i) {
      var[i % channels] += (x.values[i] - mean[i % channels]) * (x.values[i] - mean[i % channels]) / count;
    }
  }
  Map y = x;
  for (std::size_t i = 0; i < y.values.size(); ++i) {
    const std::size_t c = i % channels;
    y.values[i] = (x.values[i] - mean[c]) / std::sqrt(var[c] + 1e-5) * weights.at(name + ".weight")[c] +
                  weights.at(name + ".bias")[c];
  }
  return y;
}

Map Network::conv_bn(const Map& x, const std::string& conv, const std::string& bn, int side, int stride, Then then) {
  const int out = static_cast<int>(weights.at(bn + ".weight").size());
  Map y = batch_norm(convolution(x, weights.at(conv + ".weight"), {}, {x.c, out, side, stride, side / 2}), bn);
  return then == Then::relu ? relu(std::move(y)) : y;
}

Map Network::basic_block(const Map& x, const std::string& name) {
  const Map hidden = conv_bn(x, name + ".conv1", name + ".bn1", 3, 1, Then::relu);
  return add_relu(conv_bn(hidden, name + ".conv2", name + ".bn2", 3, 1, Then::nothing), x);
}

Map Network::bottleneck(const Map& x, const std::string& name) {
  Map y = conv_bn(x, name + ".conv1", name + ".bn1", 1, 1, Then::relu);
  y = conv_bn(y, name + ".conv2", name + ".bn2", 3, 1, Then::relu);
  y = conv_bn(y, name + ".conv3", name + ".bn3", 1, 1, Then::nothing);
  const bool projected = weights.contains(name + ".downsample.0.weight");
  return add_relu(y, projected ? conv_bn(x, name + ".downsample.0", name + ".downsample.1", 1, 1, Then::nothing) : x);
}

std::vector<Map> Network::module(std::vector<Map> x, const std::string& name, int blocks, int outputs) {
  for (std::size_t branch = 0; branch < x.size(); ++branch)
    for (int block = 0; block < blocks; ++block)
      x[branch] = basic_block(x[branch], name + ".branches." + std::to_string(branch) + "." + std::to_string(block));
  std::vector<Map> y;
  for (int i = 0; i < outputs; ++i) {
    Map sum;
    for (int j = 0; j < static_cast<int>(x.size()); ++j) {
      const std::string path = name + ".fuse_layers." + std::to_string(i) + "." + std::to_string(j);
      Map part = x[static_cast<std::size_t>(j)];
      if (j > i) part = enlarge(conv_bn(part, path + ".0", path + ".1", 1, 1, Then::nothing), 1 << (j - i));
      for (int k = 0; k < i - j; ++k) {
        const std::string step = path + "." + std::to_string(k);
        part = conv_bn(part, step + ".0", step + ".1", 3, 2, k < i - j - 1 ? Then::relu : Then::nothing);
      }
      if (j == 0) sum = part;
      for (std::size_t at = 0; j > 0 && at < sum.values.size(); ++at) sum.values[at] += part.values[at];
    }
    y.push_back(relu(std::move(sum)));
  }
  return y;
}

std::vector<Map> Network::stage(std::vector<Map> x, const std::string& name, int blocks, int modules, bool first_only) {
  for (int i = 0; i < modules; ++i) {
    const int outputs = first_only && i == modules - 1 ? 1 : static_cast<int>(x.size());
    x = module(x, name + "." + std::to_string(i), blocks, outputs);
  }
  return x;
}

Map Network::hrnet(const Map& images, const NetworkSizes& sizes) {
  const std::string b = "backbone.";
  Map x = conv_bn(images, b + "conv1", b + "bn1", 3, 2, Then::relu);
  x = conv_bn(x, b + "conv2", b + "bn2", 3, 2, Then::relu);
  for (int i = 0; i < sizes.blocks; ++i) x = bottleneck(x, b + "layer1." + std::to_string(i));
  std::vector<Map> branches;
  branches.push_back(conv_bn(x, b + "transition1.0.0", b + "transition1.0.1", 3, 1, Then::relu));
  branches.push_back(conv_bn(x, b + "transition1.1.0.0", b + "transition1.1.0.1", 3, 2, Then::relu));
  branches = stage(branches, b + "stage2", sizes.blocks, sizes.modules[0], false);
  branches.push_back(conv_bn(branches.back(), b + "transition2.2.0.0", b + "transition2.2.0.1", 3, 2, Then::relu));
  branches = stage(branches, b + "stage3", sizes.blocks, sizes.modules[1], false);
  branches.push_back(conv_bn(branches.back(), b + "transition3.3.0.0", b + "transition3.3.0.1", 3, 2, Then::relu));
  return stage(branches, b + "stage4", sizes.blocks, sizes.modules[2], true).front();
}

Map Network::head_conv(const Map& x, const std::string& name) const {
  const Values& bias = weights.at("head." + name + ".bias");
  return convolution(x, weights.at("head." + name + ".weight"), bias, {x.c, static_cast<int>(bias.size()), 1, 1, 0});
}

Outputs Network::hrnet_head(const Map& features) {
  return {head_conv(features, "hms_pred_layers"), {}, head_conv(features, "tms_pred_layers")};
}

Outputs Network::higherhrnet_head(const Map& features) {
  Outputs result{head_conv(features, "hms_pred_layers.0"), {}, head_conv(features, "tms_pred_layers")};
  const Map joined = side_by_side(features, result.low);
  Map x = relu(batch_norm(
      transposed_convolution(joined, weights.at("head.deconv_layers.0.weight"), {joined.c, features.c, 4, 2, 1}),
      "head.deconv_layers.1"));
  for (int i = 0; i < 4; ++i) x = basic_block(x, "head.blocks." + std::to_string(i));
  result.high = head_conv(x, "hms_pred_layers.1");
  return result;
}

}  // namespace posecu::reference
