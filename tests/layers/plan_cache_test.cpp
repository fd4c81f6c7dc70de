// The file of measured plans.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/file.h"
#include "layers/convolution_tuning.h"

namespace posecu {
namespace {

using ::testing::HasSubstr;

class PlanCacheTest : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_ = testing::TempDir() + "/plans_" + testing::UnitTest::GetInstance()->current_test_info()->name();
  std::string path_ = folder_ + "/posecu/convolution_plans.json";
};

const TunedFor kCard{"NVIDIA H100 80GB HBM3", "9.19.0"}, kOther{"NVIDIA H200", "9.19.0"},
    kNewer{"NVIDIA H100 80GB HBM3", "9.26.0"};

TEST_F(PlanCacheTest, KeepsPlansByDeviceVersionAndOperation) {
  EXPECT_EQ(read_plan_cache(path_, kCard), "");
  write_plan_cache(path_, kCard, {{"forward bf16 A", "eng1", 0.5, 1, 3}, {"forward bf16 B", "eng2_k2=1", 1, 1, 1}});
  write_plan_cache(path_, kOther, {{"forward bf16 A", "eng3", 0.25, 1, 3}});
  write_plan_cache(path_, kCard, {{"forward bf16 B", "eng4_k2=0", 0.75, 1, 1}});
  EXPECT_EQ(read_plan_cache(path_, kCard), "forward bf16 A: eng1\nforward bf16 B: eng4_k2=0\n");
  EXPECT_EQ(read_plan_cache(path_, kOther), "forward bf16 A: eng3\n");
  EXPECT_EQ(read_plan_cache(path_, kNewer), "");
}

TEST_F(PlanCacheTest, SaysWhatItHasWhereAnotherIsAskedFor) {
  const auto problem = [&](const TunedFor& target) -> std::string {
    try {
      return require_plan_cache(path_, target);
    } catch (const InputError& error) {
      return error.what();
    }
  };
  EXPECT_THAT(problem(kCard), HasSubstr(path_ + ": no engines measured on NVIDIA H100 80GB HBM3, cuDNN 9.19.0\n  try"));
  write_plan_cache(path_, kCard, {{"forward bf16 A", "eng1", 0.5, 1, 3}});
  EXPECT_EQ(problem(kCard), "forward bf16 A: eng1\n");
  EXPECT_THAT(problem(kNewer), HasSubstr("cuDNN 9.26.0; only NVIDIA H100 80GB HBM3, cuDNN 9.19.0\n"));
  EXPECT_THAT(problem(kOther), HasSubstr("measured on NVIDIA H200, cuDNN 9.19.0; only NVIDIA H100"));
  EXPECT_THAT(problem(kOther), HasSubstr("posecu bench CONFIG --tune"));
}

TEST_F(PlanCacheTest, NamesAFileThatIsNone) {
  std::filesystem::create_directories(folder_);
  const std::string path = folder_ + "/plans.json";
  for (const char* text : {"", "[]", "{\"NVIDIA H200\": 3}", "{\"NVIDIA H200\": {\"9.19.0\": {\"forward\": {}}}}",
                           "{\"NVIDIA H200\": {\"9.19.0\": {\"forward\": {\"engine\": 7}}}}"}) {
    write_file_atomically(path, text);
    try {
      static_cast<void>(read_plan_cache(path, kOther));
      FAIL() << text;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(path));
    }
    EXPECT_THROW(write_plan_cache(path, kOther, {}), InputError);
  }
}

}  // namespace
}  // namespace posecu
