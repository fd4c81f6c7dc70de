#include "apps/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "apps/suggestion.h"
#include "core/error.h"
#include "core/file.h"

namespace posecu {
namespace {

// A configuration is small; a larger file was given by mistake.
constexpr std::uint64_t kMaxConfigBytes = 1 << 20;

[[noreturn]] void fail(const Config& config, std::string_view key, std::string_view problem) {
  throw UsageError(fmt::format("{}: {} = {}: {}", config.origin(key), key, format_value(config.value(key)), problem));
}

bool rises(std::span<const int> numbers) {
  return std::ranges::adjacent_find(numbers, std::greater_equal<>()) == numbers.end();
}

}  // namespace

Config::Config() {
  for (const Key& key : config_keys())
    entries_.emplace(key.name, Entry{parse_value(key, key.fallback, "default"), "default"});
}

void Config::set(std::string_view key, ConfigValue value, std::string origin) {
  const auto found = entries_.find(key);
  require(found != entries_.end() && found->second.value.index() == value.index(), "a known key and its type");
  found->second = {std::move(value), std::move(origin)};
}

const Config::Entry& Config::entry(std::string_view key) const {
  const auto found = entries_.find(key);
  require(found != entries_.end(), fmt::format("configuration key {}", key));
  return found->second;
}

const ConfigValue& Config::value(std::string_view key) const { return entry(key).value; }
const std::string& Config::origin(std::string_view key) const { return entry(key).origin; }
bool Config::boolean(std::string_view key) const { return std::get<bool>(value(key)); }
std::int64_t Config::large_integer(std::string_view key) const { return std::get<std::int64_t>(value(key)); }
int Config::integer(std::string_view key) const { return static_cast<int>(large_integer(key)); }
double Config::number(std::string_view key) const { return std::get<double>(value(key)); }
const std::string& Config::text(std::string_view key) const { return std::get<std::string>(value(key)); }

std::vector<int> Config::integers(std::string_view key) const {
  const auto& list = std::get<std::vector<std::int64_t>>(value(key));
  return {list.begin(), list.end()};
}

const std::vector<double>& Config::numbers(std::string_view key) const {
  return std::get<std::vector<double>>(value(key));
}

const std::vector<std::string>& Config::texts(std::string_view key) const {
  return std::get<std::vector<std::string>>(value(key));
}

void read_config(Config& config, const std::string& name) {
  if (std::filesystem::is_regular_file(name)) return read_toml(config, read_text_file(name, kMaxConfigBytes), name);
  std::vector<std::string_view> names;
  for (const BuiltInConfig& built_in : built_in_configs()) {
    if (built_in.name == name) return read_toml(config, built_in.toml, name);
    names.push_back(built_in.name);
  }
  throw UsageError(fmt::format("{}: neither a configuration file nor a built-in configuration{}\n  try: {}", name,
                               did_you_mean(name, names), "posecu config list"));
}

void apply_overrides(Config& config, std::span<const std::string> words) {
  std::set<std::string_view> seen;
  for (const std::string& word : words) {
    const std::string_view name = std::string_view(word).substr(0, word.find('='));
    const Key* key = find_key(name);
    if (key == nullptr) throw UsageError(fmt::format("unknown key {}{}", name, did_you_mean(name, config_key_names())));
    if (!seen.insert(name).second) throw UsageError(fmt::format("{} is given twice on the command line", name));
    config.set(name, parse_value(*key, std::string_view(word).substr(name.size() + 1), "command line"), "command line");
  }
}

void check_config(const Config& config) {
  if (config.integer("train.steps") > 0 && config.integer("train.epochs") > 0)
    throw UsageError(
        fmt::format("train.steps ({}) and train.epochs ({}) are both given: set one of them to 0\n"
                    "  train.milestones, train.eval_every and train.save_every count in the same unit",
                    config.origin("train.steps"), config.origin("train.epochs")));
  if (!rises(config.integers("train.milestones"))) fail(config, "train.milestones", "expected rising numbers");
  if (config.text("train.decay") == "cosine" && !config.integers("train.milestones").empty())
    fail(config, "train.milestones", "a cosine has none: expected [], or train.decay=milestones");
  if (config.integer("train.input_size") % 32 != 0)
    fail(config, "train.input_size", "expected a multiple of 32, the coarsest branch's stride");
  const std::vector<double>& scale = config.numbers("data.augment.scale");
  if (scale[0] > scale[1]) fail(config, "data.augment.scale", "expected the smaller number first");
  const std::vector<double>& scales = config.numbers("eval.scales");
  if (std::ranges::find(scales, 1.0) == scales.end())
    fail(config, "eval.scales", "1 must be among them: embeddings are taken from it");
  if (std::set<double>(scales.begin(), scales.end()).size() != scales.size())
    fail(config, "eval.scales", "a scale is given twice");
  if (config.integer("eval.nms_kernel") % 2 == 0) fail(config, "eval.nms_kernel", "expected an odd number");
}

Config config_of(const std::string& name, std::span<const std::string> words) {
  Config config;
  if (!name.empty()) read_config(config, name);
  apply_overrides(config, words);
  check_config(config);
  return config;
}

std::string write_toml(const Config& config, ConfigComments comments) {
  std::string toml;
  std::string_view section;
  for (const Key& key : config_keys()) {
    if (key.section() != section) {
      toml += fmt::format("{}[{}]\n", toml.empty() ? "" : "\n", key.section());
      section = key.section();
    }
    std::string line =
        fmt::format("{} = {}", key.name.substr(section.size() + 1), format_value(config.value(key.name)));
    if (comments == ConfigComments::origins) line = fmt::format("{:<44} # {}", line, config.origin(key.name));
    toml += line + '\n';
  }
  return toml;
}

}  // namespace posecu
