// Golden cases: expected values made with the official tools, read at run time. tests/goldens/README.md says what they
// hold.
//
// POSECU_GOLDENS=DIR names another set of the same form (DIR holds forward/, losses/, ...). A kind whose folder is not
// in DIR is reported and passes; a folder without cases, or a DIR without any kind, fails.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace posecu {

using GoldenCheck = std::function<std::vector<std::string>(const std::filesystem::path& case_folder)>;

// tests/goldens/mini, whatever POSECU_GOLDENS says.
std::filesystem::path mini_goldens();

// The set that POSECU_GOLDENS names, else mini.
std::filesystem::path golden_set();

// Where a case's `picture` lies: relative to the folder that holds the sets, else by file name in the set's pictures/.
std::filesystem::path golden_picture(const std::filesystem::path& case_folder, const std::string& picture);

// Runs `check` on every folder of SET/KIND, prints how many cases ran, and adds a test failure for each thing it
// reports.
void run_golden_cases(const std::string& kind, const GoldenCheck& check);

// Copies mini/KIND/CASE to a temporary folder, lets `damage` change one expected value in it, and fails unless `check`
// passes before and reports something after.
void expect_damage_is_seen(const std::string& kind, const std::string& name,
                           const std::function<void(const std::filesystem::path&)>& damage, const GoldenCheck& check);

// Ready-made damages. `tensor` of a safetensors file: its largest element changes by 1 % of itself (f32, f64), or its
// first element by 1 (integers). A PNG: one byte of its pixels. A JSON file: the number at `pointer` ("/weighted/hms").
void damage_tensor(const std::filesystem::path& file, const std::string& tensor);
void damage_json(const std::filesystem::path& file, const std::string& pointer);

// A folder that is removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace posecu
