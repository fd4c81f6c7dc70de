#include "tests/support/golden.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/safetensors.h"

namespace posecu {

namespace fs = std::filesystem;

namespace {

const std::vector<std::string> kKinds{"forward", "losses", "augment", "decode", "train", "evaluate", "pth"};

std::vector<fs::path> case_folders(const fs::path& kind_folder) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(kind_folder)) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  std::ranges::sort(folders);
  return folders;
}

std::vector<std::string> checked(const GoldenCheck& check, const fs::path& folder) {
  try {
    return check(folder);
  } catch (const std::exception& error) {
    return {std::string("stopped: ") + error.what()};
  }
}

}  // namespace

// POSECU_SOURCE: where the repository's files are, if not where the tests were built.
fs::path mini_goldens() {
  const char* moved = std::getenv("POSECU_SOURCE");
  return fs::path(moved != nullptr ? moved : POSECU_SOURCE_FOLDER) / "tests/goldens/mini";
}

fs::path golden_set() {
  const char* set = std::getenv("POSECU_GOLDENS");
  return set != nullptr && *set != '\0' ? fs::path(set) : mini_goldens();
}

fs::path golden_picture(const fs::path& case_folder, const std::string& picture) {
  const fs::path set = case_folder.parent_path().parent_path();
  for (const fs::path& candidate : {set.parent_path() / picture, set / "pictures" / fs::path(picture).filename(),
                                    golden_set() / "pictures" / fs::path(picture).filename(),
                                    mini_goldens() / "pictures" / fs::path(picture).filename()}) {
    if (fs::exists(candidate)) return candidate;
  }
  return set / "pictures" / fs::path(picture).filename();
}

void run_golden_cases(const std::string& kind, const GoldenCheck& check) {
  const fs::path set = golden_set();
  const bool any_kind = std::ranges::any_of(kKinds, [&](const auto& name) { return fs::is_directory(set / name); });
  ASSERT_TRUE(any_kind) << set << " holds none of the kinds of golden data";
  if (!fs::is_directory(set / kind)) {
    std::printf("goldens: %s has no %s/, nothing to check\n", set.c_str(), kind.c_str());
    return;
  }
  const std::vector<fs::path> folders = case_folders(set / kind);
  ASSERT_FALSE(folders.empty()) << set / kind << " holds no case";
  for (const fs::path& folder : folders) {
    for (const std::string& problem : checked(check, folder)) ADD_FAILURE() << folder << ": " << problem;
  }
  std::printf("goldens: %zu %s cases of %s\n", folders.size(), kind.c_str(), set.c_str());
}

void expect_damage_is_seen(const std::string& kind, const std::string& name,
                           const std::function<void(const fs::path&)>& damage, const GoldenCheck& check) {
  const TemporaryFolder temporary;
  const fs::path folder = temporary.path() / "mini" / kind / name;
  fs::create_directories(folder.parent_path());
  fs::copy(mini_goldens() / kind / name, folder, fs::copy_options::recursive);
  ASSERT_EQ(checked(check, folder), std::vector<std::string>{}) << "the undamaged case fails already";
  damage(folder);
  EXPECT_FALSE(checked(check, folder).empty()) << "the damage to " << kind << "/" << name << " was not seen";
}

void damage_tensor(const fs::path& file, const std::string& tensor) {
  std::size_t offset = 0, bytes = 0;
  DataType type{};
  {
    const Safetensors stored = Safetensors::read(file);
    const StoredTensor& found = stored.at(tensor);
    type = found.type;
    const std::vector<double> values = stored.doubles(tensor);
    ASSERT_FALSE(values.empty());
    const auto magnitude = [](double v) { return std::abs(v); };
    const bool real = type == DataType::f32 || type == DataType::f64;
    const std::size_t index =
        real ? static_cast<std::size_t>(std::ranges::max_element(values, {}, magnitude) - values.begin()) : 0;
    bytes = bytes_of(type);
    std::size_t data_bytes = 0;
    for (const StoredTensor& t : stored.tensors()) data_bytes += t.bytes.size();
    offset = fs::file_size(file) - data_bytes +
             static_cast<std::size_t>(found.bytes.data() - stored.tensors().front().bytes.data()) + index * bytes;
  }
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  char element[8];
  stream.seekg(static_cast<std::streamoff>(offset));
  stream.read(element, static_cast<std::streamsize>(bytes));
  const auto change = [&element](auto value, auto change_value) {
    std::memcpy(&value, element, sizeof value);
    value = change_value(value);
    std::memcpy(element, &value, sizeof value);
  };
  if (type == DataType::f32) {
    change(float{}, [](float v) { return v * 1.01F; });
  } else if (type == DataType::f64) {
    change(double{}, [](double v) { return v * 1.01; });
  } else {
    element[0] = static_cast<char>(element[0] + 1);
  }
  stream.seekp(static_cast<std::streamoff>(offset));
  stream.write(element, static_cast<std::streamsize>(bytes));
}

void damage_json(const fs::path& file, const std::string& pointer) {
  auto json = nlohmann::ordered_json::parse(read_text_file(file));
  auto& value = json.at(nlohmann::ordered_json::json_pointer(pointer));
  ASSERT_TRUE(value.is_number()) << pointer << " is no number";
  if (value.is_number_integer()) {
    value = value.get<std::int64_t>() + 1;
  } else {
    value = value.get<double>() == 0 ? 0.01 : value.get<double>() * 1.01;
  }
  std::ofstream(file) << json.dump();
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "posecu-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace posecu
