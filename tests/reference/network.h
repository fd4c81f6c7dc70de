// HRNet and HigherHRNet in double precision, forward only, written from "Structure facts" and section 1 of
// tests/goldens/README.md. Gradients are got from it by differences.
#pragma once

#include <array>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "tests/reference/convolution.h"
#include "tests/reference/map.h"

namespace posecu::reference {

enum class Statistics { batch, running };
enum class Then { nothing, relu };

struct NetworkSizes {
  int width = 8, blocks = 1;
  std::array<int, 3> modules{1, 1, 1};
};

struct Outputs {
  Map low, high, embeddings;  // high is empty for HRNet
};

class Network {
 public:
  std::map<std::string, Values> weights;  // by official name
  Statistics statistics = Statistics::batch;
  double nearest_kink = std::numeric_limits<double>::infinity();  // smallest |input| of a ReLU so far

  Map conv_bn(const Map& x, const std::string& conv, const std::string& bn, int side, int stride, Then then);
  Map basic_block(const Map& x, const std::string& name);
  Map bottleneck(const Map& x, const std::string& name);
  std::vector<Map> module(std::vector<Map> x, const std::string& name, int blocks, int outputs);
  Map hrnet(const Map& images, const NetworkSizes& sizes);
  Outputs hrnet_head(const Map& features);
  Outputs higherhrnet_head(const Map& features);

  Map batch_norm(const Map& x, const std::string& name) const;
  Map add_relu(const Map& a, const Map& b);

 private:
  Map relu(Map x);
  Map head_conv(const Map& x, const std::string& name) const;
  std::vector<Map> stage(std::vector<Map> x, const std::string& name, int blocks, int modules, bool first_only);
};

Map enlarge(const Map& x, int factor);  // by repetition
Map side_by_side(const Map& a, const Map& b);

}  // namespace posecu::reference
