// The properties of GPUs that need not be there, as cuDNN's plans are made from them.
#pragma once

#include <string>

namespace posecu {

struct GpuProperties {
  std::string name;
  std::string json;  // the members that cuDNN 9.8 and later ask for
};

GpuProperties h100_properties();  // SXM, 80 GB
GpuProperties h200_properties();

}  // namespace posecu
