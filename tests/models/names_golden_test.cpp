// Names of every family against the official networks': golden set `pth`, mapping.json and mapping_complete.json.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "models/weights_file.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Findings = std::vector<std::string>;
using Rows = TensorFate::Rows;

const std::map<std::string, WeightsFamily> kFamilies{{"ce_best", WeightsFamily::official},
                                                     {"ce_checkpoint", WeightsFamily::training},
                                                     {"imagenet_hrnet", WeightsFamily::hrnet},
                                                     {"higherhrnet_repo", WeightsFamily::higherhrnet},
                                                     {"mmpose_higherhrnet", WeightsFamily::mmpose_higherhrnet},
                                                     {"mmpose_hrnet", WeightsFamily::mmpose_hrnet}};

// Names by one family's rule: "add the leading ...", "strip the leading ...", "name unchanged".
std::string by_rule(const std::string& family, const std::string& source) {
  if (family == "ce_checkpoint") return source.substr(std::string("net.").size());
  if (family == "imagenet_hrnet" || family == "higherhrnet_repo") return "backbone." + source;
  return source;
}

// Where the goldens say that a tensor goes: an official name or "" (nowhere), with the half of its rows.
struct Expected {
  std::string name;
  Rows rows = Rows::all;
  bool operator<(const Expected& other) const { return std::pair(name, rows) < std::pair(other.name, other.rows); }
};
using Expectations = std::map<std::string, std::set<Expected>>;  // by source

Expectations explicit_entries(const Json& entries) {
  Expectations result;
  for (const Json& entry : entries) {
    Expected expected{entry["posedet"].is_null() ? "" : entry["posedet"].get<std::string>()};
    const bool parts = entry.contains("rows") && entry["rows"].is_array();
    if (parts) expected.rows = entry["rows"][0] == 0 ? Rows::first_half : Rows::second_half;
    result[entry["source"]].insert(expected);
  }
  return result;
}

// A head that cannot be carried over stays behind, and so does PyTorch's counter: both are said, not done.
bool may_stay(WeightsFamily family, const std::string& source, const Expected& expected) {
  if (source.ends_with("num_batches_tracked")) return true;
  const bool other_head = family == WeightsFamily::higherhrnet || family == WeightsFamily::mmpose_higherhrnet;
  return expected.name.empty() || (other_head && expected.name.starts_with("head."));
}

Findings compare(WeightsFamily family, const std::string& source, const std::set<Expected>& expected,
                 const std::vector<const TensorFate*>& found) {
  if (found.empty()) return {source + " has no fate"};
  std::set<Expected> names;
  for (const TensorFate* fate : found) {
    if (fate->name.empty() && fate->ignored.empty()) return {source + " is unknown"};
    if (!fate->name.empty()) names.insert({fate->name, fate->rows});
  }
  for (const Expected& e : expected) {
    if (names.erase(e) == 0 && !may_stay(family, source, e)) return {source + " does not go to " + e.name};
  }
  if (!names.empty()) return {source + " goes to " + names.begin()->name};
  return {};
}

// `name_of` makes of a source in the map the name by which the goldens know it; empty: it is none of the network's.
template <class NameOf>
Findings compare_all(const NameMap& map, const Expectations& expected, const NameOf& name_of) {
  std::map<std::string, std::vector<const TensorFate*>> found;
  for (const TensorFate& fate : map.fates) found[name_of(fate.source)].push_back(&fate);
  Findings findings;
  for (const auto& [source, fates] : found) {
    if (source.empty()) continue;
    const auto known = expected.find(source);
    if (known == expected.end()) {
      findings.push_back(source + " is not in the goldens");
      continue;
    }
    for (std::string& problem : compare(map.family, source, known->second, fates))
      findings.push_back(std::move(problem));
  }
  return findings;
}

std::string without(std::string name, std::initializer_list<std::string_view> prefixes) {
  for (const std::string_view prefix : prefixes) {
    if (name.starts_with(prefix)) name = name.substr(prefix.size());
  }
  return name;
}

// The files of a set, by the rules of mapping.json.
Findings check_names(const fs::path& set) {
  const Json mapping = Json::parse(read_text_file((set / "mapping.json").string()));
  Findings findings;
  int checked = 0;
  const Json files = Json::parse(read_text_file((set / "files.json").string()));
  for (const Json& row : files) {
    const std::string family = row["family"], name = row["file"];
    if (family == "odd") continue;
    const WeightsFile file = read_weights_file((set / name).string());
    if (file.map.family != kFamilies.at(family))
      findings.push_back(name + ": taken for " + std::string(to_string(file.map.family)));
    const auto name_of = [](const std::string& source) {
      const bool beside = source.starts_with("optimizer/") || source.starts_with("best_state_dict/");
      return beside ? "" : without(source, {"model/", "state_dict/", "module.", "1."});
    };
    Expectations expected = explicit_entries(mapping[family]["explicit"]);
    for (const TensorFate& fate : file.map.fates) {
      const std::string source = name_of(fate.source);
      if (!source.empty() && !expected.contains(source)) expected[source] = {{by_rule(family, source)}};
    }
    for (const std::string& problem : compare_all(file.map, expected, name_of))
      findings.push_back(name + ": " + problem);
    ++checked;
  }
  if (checked == 0) findings.emplace_back("no file was checked");
  return findings;
}

// Whole lists of names, of tensors with one element (two where rows go apart).
Findings check_lists(const fs::path& set) {
  Findings findings;
  static const std::array<std::byte, 8> kZeros{};
  const Json lists = Json::parse(read_text_file((set / "mapping_complete.json").string()));
  for (const auto& [family, entries] : lists.items()) {
    if (!kFamilies.contains(family)) continue;
    const Expectations expected = explicit_entries(entries);
    std::vector<StoredTensor> tensors;
    for (const auto& [source, places] : expected) tensors.push_back({source, DataType::f32, {2}, kZeros});
    const Safetensors file(family, {}, std::move(tensors), {});
    const NameMap map = map_names(file);
    if (map.family != kFamilies.at(family))
      findings.push_back(family + ": taken for " + std::string(to_string(map.family)));
    for (const std::string& problem : compare_all(map, expected, [](const std::string& s) { return s; })) {
      findings.push_back(family + ": " + problem);
    }
  }
  return findings;
}

Findings check_golden_names(const fs::path& folder) {
  const fs::path set = folder.parent_path();
  Findings findings;
  if (folder.filename() != "files") return findings;
  if (fs::exists(set / "mapping.json")) findings = check_names(set);
  if (fs::exists(set / "mapping_complete.json")) findings = check_lists(set);
  return findings;
}

TEST(NamesGoldenTest, NamesOfEveryFamilyGoWhereTheyBelong) { run_golden_cases("pth", check_golden_names); }

TEST(NamesGoldenTest, WrongExpectationsAreSeen) {
  const TemporaryFolder temporary;
  const fs::path copy = temporary.path() / "pth";
  fs::copy(mini_goldens() / "pth", copy, fs::copy_options::recursive);
  Json mapping = Json::parse(read_text_file((copy / "mapping.json").string()));
  mapping["higherhrnet_repo"]["explicit"].push_back({{"source", "bn1.weight"}, {"posedet", "backbone.bn2.weight"}});
  mapping["ce_best"]["explicit"].push_back({{"source", "backbone.bn1.weight"}, {"posedet", nullptr}});
  write_file_atomically((copy / "mapping.json").string(), mapping.dump());
  EXPECT_EQ(check_names(copy).size(), 6U);  // in one file of the first family and five of the second
}

}  // namespace
}  // namespace posecu
