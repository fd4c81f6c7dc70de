// Reads a configuration from TOML.
#include <fmt/format.h>

#include <algorithm>

#include "apps/config.h"
#include "apps/suggestion.h"
#include "apps/toml.h"
#include "apps/toml_nesting.h"
#include "core/error.h"

namespace posecu {
namespace {

class TomlReader {
 public:
  TomlReader(Config& config, const std::string& origin) : config_(config), origin_(origin) {}

  void read(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const std::string path = prefix.empty() ? std::string(name.str()) : fmt::format("{}.{}", prefix, name.str());
      const auto line = node.source().begin.line;
      if (const Key* key = find_key(path))
        read_value(*key, node);
      else if (node.is_table() && begins_a_key(path))
        read(*node.as_table(), path);
      else
        fail(line, fmt::format("unknown key {}{}", path, did_you_mean(path, config_key_names())));
    }
  }

 private:
  [[noreturn]] void fail(toml::source_index line, std::string_view problem) const {
    throw UsageError(fmt::format("{}:{}: {}", origin_, line, problem));
  }

  static bool begins_a_key(const std::string& path) {
    const std::string start = path + '.';
    return std::ranges::any_of(config_keys(), [&](const Key& key) { return key.name.starts_with(start); });
  }

  void read_value(const Key& key, const toml::node& node) {
    const std::string place = fmt::format("{}:{}", origin_, node.source().begin.line);
    ConfigValue value = convert(key, node);
    check_range(key, value, place);
    config_.set(key.name, std::move(value), place);
  }

  ConfigValue convert(const Key& key, const toml::node& node) const {
    switch (key.type) {
      case KeyType::boolean:
        return exactly<bool>(key, node);
      case KeyType::integer:
        return exactly<std::int64_t>(key, node);
      case KeyType::number:
        return number(key, node);
      case KeyType::text:
        return exactly<std::string>(key, node);
      case KeyType::integers:
        return list<std::int64_t>(key, node);
      case KeyType::numbers:
        return list<double>(key, node);
      case KeyType::texts:
        return list<std::string>(key, node);
    }
    throw std::logic_error("key type");
  }

  template <class T>
  T exactly(const Key& key, const toml::node& node) const {
    if (const auto value = node.value_exact<T>()) return *value;
    wrong_type(key, node);
  }

  // A whole number is a number, too.
  double number(const Key& key, const toml::node& node) const {
    if (const auto whole = node.value_exact<std::int64_t>()) return static_cast<double>(*whole);
    return exactly<double>(key, node);
  }

  template <class T>
  std::vector<T> list(const Key& key, const toml::node& node) const {
    if (!node.is_array()) wrong_type(key, node);
    std::vector<T> elements;
    for (const toml::node& element : *node.as_array()) {
      if constexpr (std::is_same_v<T, double>)
        elements.push_back(number(key, element));
      else
        elements.push_back(exactly<T>(key, element));
    }
    return elements;
  }

  [[noreturn]] void wrong_type(const Key& key, const toml::node& node) const {
    std::string found = "a table";
    if (node.is_array()) found = "a list";
    if (node.is_string()) found = "a text";
    if (node.is_boolean()) found = "true or false";
    if (node.is_integer()) found = "a whole number";
    if (node.is_floating_point()) found = "a number";
    if (node.is_date() || node.is_time() || node.is_date_time()) found = "a date or time";
    fail(node.source().begin.line, fmt::format("{}: expected {}, found {}", key.name, describe_range(key), found));
  }

  Config& config_;
  const std::string& origin_;
};

}  // namespace

void read_toml(Config& config, std::string_view toml, const std::string& origin) {
  if (const int line = line_of_deep_nesting(toml); line > 0)
    throw UsageError(fmt::format("{}:{}: nested too deeply for a configuration", origin, line));
  try {
    TomlReader(config, origin).read(toml::parse(toml), "");
  } catch (const toml::parse_error& error) {
    throw UsageError(fmt::format("{}:{}: {}", origin, error.source().begin.line, error.description()));
  }
}

}  // namespace posecu
