// Machines whose GPU cannot be used, and errors of GPUs, without one. That a MachineError is exit code 4 is tested with
// the program.
#include "core/cuda_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/context.h"
#include "core/error.h"

namespace posecu {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

template <class F>
std::string problem(const F& call) {
  try {
    call();
  } catch (const MachineError& error) {
    return error.what();
  }
  return "";
}

CudaDeviceInfo card(const char* name, int major, int minor) {
  CudaDeviceInfo info;
  info.name = name, info.major = major, info.minor = minor;
  return info;
}

TEST(CudaChecksTest, SaysThatThereIsNoDriver) {
  EXPECT_EQ(problem([] { check_driver(0, 13000); }),
            "no NVIDIA driver is installed, so there is no GPU to use; try --device cpu");
}

TEST(CudaChecksTest, SaysThatTheDriverIsTooOld) {
  EXPECT_EQ(
      problem([] { check_driver(12040, 13010); }),
      "the NVIDIA driver is one for CUDA 12.4, this program needs one for CUDA 13.0 or later; try a newer driver, "
      "or --device cpu");
  EXPECT_EQ(problem([] { check_driver(13000, 13010); }), "") << "the same major version will do";
  EXPECT_EQ(problem([] { check_driver(14000, 13010); }), "");
}

TEST(CudaChecksTest, SaysThatThereIsNoDevice) {
  EXPECT_THAT(problem([] { check_device({}, 0); }), AllOf(HasSubstr("shows no GPU"), HasSubstr("try --device cpu")));
}

TEST(CudaChecksTest, SaysWhichDevicesThereAre) {
  const std::vector<CudaDeviceInfo> two{card("NVIDIA H200", 9, 0), card("NVIDIA L4", 8, 9)};
  for (const int index : {0, 1}) EXPECT_EQ(problem([&] { check_device(two, index); }), "");
  for (const int index : {-1, 2, 1024})
    EXPECT_EQ(problem([&] { check_device(two, index); }),
              "there is no device cuda:" + std::to_string(index) +
                  "; this machine has 2 (NVIDIA H200)\n  try: --device cuda:0");
}

TEST(CudaChecksTest, SaysThatADeviceIsTooOld) {
  const std::vector<CudaDeviceInfo> old{card("Tesla V100-SXM2-16GB", 7, 0)};
  EXPECT_EQ(
      problem([&] { check_device(old, 0); }),
      "Tesla V100-SXM2-16GB has compute capability 7.0; kernels are built for 8.0 and later\n  try: --device cpu");
}

TEST(CudaChecksTest, SaysThatTheProgramWasBuiltWithoutCuda) {
  if (cuda_built()) GTEST_SKIP() << "it was built with it";
  EXPECT_EQ(problem([] { cuda_devices(); }),
            "this posecu was built without CUDA; try --device cpu, or cmake --preset cuda");
  EXPECT_EQ(problem([] { Context({.device = DeviceKind::cuda}); }), problem([] { cuda_devices(); }));
}

// After these nothing is saved, and no weights could be read for it.
TEST(CudaChecksTest, KnowsTheErrorsThatEndAProcess) {
  for (const int error : {214, 700, 702, 710, 714, 715, 716, 717, 718, 719}) {
    EXPECT_TRUE(ends_all_work(error)) << error;
    EXPECT_THAT(describe_cuda_error(error, "download failed", "text", "cudaErrorName"),
                AllOf(HasSubstr("CUDA: download failed: text (cudaErrorName)\n"), HasSubstr("saves nothing"),
                      HasSubstr("try: posecu train --resume RUN")));
  }
  for (const int error : {1, 2, 35, 100, 101, 801, 900, 901}) EXPECT_FALSE(ends_all_work(error)) << error;
}

TEST(CudaChecksTest, SaysWhatWouldHelp) {
  EXPECT_THAT(describe_cuda_error(2, "cannot get pinned memory", "out of memory", "cudaErrorMemoryAllocation"),
              HasSubstr("\n  try: a smaller train.batch"));
  EXPECT_THAT(describe_cuda_error(35, "a", "b", "c"), HasSubstr("newer NVIDIA driver"));
  EXPECT_THAT(describe_cuda_error(1, "a", "b", "c"), Not(HasSubstr("try")));
}

}  // namespace
}  // namespace posecu
