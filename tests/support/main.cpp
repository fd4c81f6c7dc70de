// main() of every test binary: GoogleTest's, and a run of no test at all is a failure. Where tests are to run on a GPU
// and there is none, it says so and ends with 77, which ctest shows as skipped.
#include <gtest/gtest.h>

#include <cstdio>

#include "core/cuda.h"
#include "core/error.h"
#include "tests/support/device.h"

namespace {

bool device_is_missing() {
  if (posecu::test_context_options().device != posecu::DeviceKind::cuda) return false;
  try {
    posecu::cuda_devices();
    return false;
  } catch (const posecu::MachineError& error) {
    std::fprintf(stderr, "skipped, no CUDA device: %s\n", error.what());
    return true;
  }
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const bool listing = ::testing::GTEST_FLAG(list_tests);
  if (!listing && device_is_missing()) return 77;
  const int result = RUN_ALL_TESTS();
  if (!listing && ::testing::UnitTest::GetInstance()->test_to_run_count() == 0) {
    std::fprintf(stderr, "no test matches the filter\n");
    return 1;
  }
  return result;
}
