// PyTorch files as PyTorch wrote them: every tensor's bytes, every scalar; and files that were made to do harm.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "models/pth.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Findings = std::vector<std::string>;

std::string crc32(std::span<const std::byte> bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  char text[9];
  std::snprintf(text, sizeof text, "%08x", ~crc);
  return text;
}

DataType type_named(const std::string& name) {
  static const std::map<std::string, DataType> kTypes{
      {"float64", DataType::f64}, {"float32", DataType::f32}, {"float16", DataType::f16}, {"bfloat16", DataType::bf16},
      {"int64", DataType::i64},   {"int32", DataType::i32},   {"int16", DataType::i16},   {"int8", DataType::i8},
      {"uint8", DataType::u8},    {"bool", DataType::boolean}};
  return kTypes.at(name);
}

// As files.json writes it: an integer that JSON cannot hold is its digits.
Json to_json(const PthScalar& scalar) {
  if (const auto* big = std::get_if<BigInteger>(&scalar.value)) return big->digits;
  if (std::holds_alternative<std::monostate>(scalar.value)) return nullptr;
  if (const auto* flag = std::get_if<bool>(&scalar.value)) return *flag;
  if (const auto* integer = std::get_if<std::int64_t>(&scalar.value)) return *integer;
  if (const auto* real = std::get_if<double>(&scalar.value)) return *real;
  return std::get<std::string>(scalar.value);
}

PthFile read(const fs::path& path) { return parse_pth(path.string(), read_file(path.string())); }

Findings check_tensors(const Json& expected, const PthFile& found) {
  Findings findings;
  for (const Json& row : expected["tensors"]) {
    const std::string path = row[0];
    const StoredTensor* tensor = found.tensors.find(path);
    if (tensor == nullptr) {
      findings.push_back(path + " is missing");
      continue;
    }
    if (tensor->type != type_named(row[1])) findings.push_back(path + ": type");
    if (Json(tensor->shape) != row[2]) findings.push_back(path + ": shape");
    if (crc32(tensor->bytes) != row[3].get<std::string>()) findings.push_back(path + ": bytes");
  }
  if (found.tensors.tensors().size() != expected["tensors"].size()) findings.emplace_back("more tensors than expected");
  return findings;
}

Findings check_scalars(const Json& expected, const PthFile& found) {
  std::map<std::string, Json> by_path;
  for (const PthScalar& scalar : found.scalars) by_path.emplace(scalar.path, to_json(scalar));
  Findings findings;
  for (const Json& row : expected["scalars"]) {
    const auto value = by_path.find(row[0]);
    if (value == by_path.end()) findings.push_back(row[0].get<std::string>() + " is missing");
    if (value != by_path.end() && value->second != row[1]) findings.push_back(row[0].get<std::string>() + ": value");
  }
  if (by_path.size() != expected["scalars"].size()) findings.emplace_back("more scalars than expected");
  return findings;
}

Findings check_files(const fs::path& set) {
  Findings findings;
  for (const Json& expected : Json::parse(read_text_file((set / "files.json").string()))) {
    const std::string name = expected["file"];
    const PthFile found = read(set / name);
    if ((found.format == PthFormat::zip ? "zip" : "legacy") != expected["format"])
      findings.push_back(name + ": format");
    for (const auto& problem : check_tensors(expected, found)) findings.push_back(name + ": " + problem);
    for (const auto& problem : check_scalars(expected, found)) findings.push_back(name + ": " + problem);
  }
  return findings;
}

// "accepted", or the message.
std::string outcome_of(const fs::path& path) {
  try {
    read(path);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

Findings check_hostile(const fs::path& set) {
  const TemporaryFolder empty;
  const fs::path before = fs::current_path();
  fs::current_path(empty.path());
  Findings findings;
  for (const Json& expected : Json::parse(read_text_file((set / "hostile.json").string()))) {
    const std::string name = expected["file"];
    const std::string outcome = outcome_of(set / name);
    const bool accepted = outcome == "accepted";
    if (expected["expect"] == "accept" && !accepted) findings.push_back(outcome);
    if (expected["expect"] == "reject" && accepted) findings.push_back(name + " was accepted");
    // file: place: problem
    if (!accepted && (outcome.find(name) == std::string::npos || std::ranges::count(outcome, ':') < 2)) {
      findings.push_back("no file and place in: " + outcome);
    }
  }
  if (!fs::is_empty(empty.path())) findings.emplace_back("something was written into the current folder");
  fs::current_path(before);
  return findings;
}

// The kind's folders are files/ and hostile/, each described by the JSON beside it.
Findings check_golden(const fs::path& folder) {
  return folder.filename() == "hostile" ? check_hostile(folder.parent_path()) : check_files(folder.parent_path());
}

TEST(PthGoldenTest, TensorsAndScalarsEqualPyTorchsAndHarmIsRefused) { run_golden_cases("pth", check_golden); }

// A copy of the golden files in which one expectation is changed.
template <class Change>
Findings findings_after(const char* list, const Change& change) {
  const TemporaryFolder temporary;
  const fs::path copy = temporary.path() / "pth";
  fs::copy(mini_goldens() / "pth", copy, fs::copy_options::recursive);
  Json json = Json::parse(read_text_file((copy / list).string()));
  change(json);
  write_file_atomically((copy / list).string(), json.dump());
  return list == std::string("files.json") ? check_files(copy) : check_hostile(copy);
}

TEST(PthGoldenTest, DamagedExpectationsAreSeen) {
  EXPECT_EQ(findings_after("files.json", [](Json&) {}), Findings{});
  EXPECT_EQ(findings_after("files.json", [](Json& j) { j[0]["tensors"][3][3] = "00000000"; }).size(), 1U);
  EXPECT_EQ(findings_after("files.json", [](Json& j) { j[1]["tensors"][3][2] = {64, 1}; }).size(), 1U);
  EXPECT_EQ(findings_after("files.json", [](Json& j) { j[2]["tensors"][3][1] = "float16"; }).size(), 1U);
  EXPECT_EQ(findings_after("files.json", [](Json& j) { j[5]["scalars"][3][1] = 7; }).size(), 1U);
  EXPECT_EQ(findings_after("files.json", [](Json& j) { j[5]["scalars"].erase(3); }).size(), 1U);
  EXPECT_EQ(findings_after("hostile.json", [](Json&) {}), Findings{});
  EXPECT_EQ(findings_after("hostile.json", [](Json& j) { j[0]["expect"] = "reject"; }).size(), 1U);
  EXPECT_EQ(findings_after("hostile.json", [](Json& j) { j[2]["expect"] = "accept"; }).size(), 1U);
}

}  // namespace
}  // namespace posecu
