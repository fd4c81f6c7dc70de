#include "tests/support/device.h"

#include <cstdlib>
#include <string_view>

namespace posecu {

ContextOptions test_context_options(ContextOptions options) {
  const char* wanted = std::getenv("POSECU_TEST_DEVICE");
  if (wanted == nullptr || std::string_view(wanted) != "cuda") return options;
  options.device = DeviceKind::cuda;
  options.cuda_memory = CudaMemory::shared_with_host;
  if (options.memory == 0) options.memory = std::size_t{8} << 30;  // several contexts may live at a time
  return options;
}

}  // namespace posecu
