#include "tests/support/device.h"

#include <cstdlib>
#include <string_view>

namespace posecu {

ContextOptions test_graph_options(ContextOptions options) {
  const char* wanted = std::getenv("POSECU_TEST_DEVICE");
  if (wanted != nullptr && std::string_view(wanted) == "cuda") options.device = DeviceKind::cuda;
  return options;
}

ContextOptions test_context_options(ContextOptions options) {
  options = test_graph_options(options);
  if (options.device == DeviceKind::cpu) return options;
  options.cuda_memory = CudaMemory::shared_with_host;
  options.graphs = false;
  if (options.memory == 0) options.memory = std::size_t{8} << 30;  // several contexts may live at a time
  return options;
}

}  // namespace posecu
