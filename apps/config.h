// The configuration of a verb: a value for every key of the table, and where each came from.
//
// Layers, later ones win: the table's defaults, a CONFIG (a TOML file, a built-in one, or what a weights file's
// metadata holds), `key=value` words of the command line. Wrong keys and values are UsageErrors that name the place.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "apps/config_keys.h"

namespace posecu {

// In the order of KeyType.
using ConfigValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>,
                                 std::vector<double>, std::vector<std::string>>;

// `text` as a value of `key`, as a command line gives it: strings, also inside lists, need no quotes. The value's range
// is checked too. `origin` ("runs/a.toml:12", "command line") begins the error's message.
ConfigValue parse_value(const Key& key, std::string_view text, std::string_view origin);

// Throws UsageError when a value of the right type lies outside the key's range.
void check_range(const Key& key, const ConfigValue& value, std::string_view origin);

std::string format_value(const ConfigValue& value);  // as TOML

class Config {
 public:
  Config();  // every key at its default

  void set(std::string_view key, ConfigValue value, std::string origin);
  const ConfigValue& value(std::string_view key) const;
  const std::string& origin(std::string_view key) const;  // "default" for what was never set
  bool is_default(std::string_view key) const { return origin(key) == "default"; }

  bool boolean(std::string_view key) const;
  int integer(std::string_view key) const;
  std::int64_t large_integer(std::string_view key) const;
  double number(std::string_view key) const;
  const std::string& text(std::string_view key) const;
  std::vector<int> integers(std::string_view key) const;
  const std::vector<double>& numbers(std::string_view key) const;
  const std::vector<std::string>& texts(std::string_view key) const;

 private:
  struct Entry {
    ConfigValue value;
    std::string origin;
  };
  const Entry& entry(std::string_view key) const;
  std::map<std::string, Entry, std::less<>> entries_;
};

// Sets what the TOML text says. `origin` is its file's name, or what stands for it in messages.
void read_toml(Config& config, std::string_view toml, const std::string& origin);

// Sets what CONFIG says: a TOML file, or the name of a built-in one.
void read_config(Config& config, const std::string& name);

// Applies `key=value` words; the same key twice is an error.
void apply_overrides(Config& config, std::span<const std::string> words);

// What no single key can tell: steps or epochs, milestones that rise, scale 1 among eval.scales, ...
void check_config(const Config& config);

// A command line's: defaults, CONFIG if it is not empty, `key=value` words, checked.
Config config_of(const std::string& name, std::span<const std::string> words);

enum class ConfigComments { none, origins };
std::string write_toml(const Config& config, ConfigComments comments = ConfigComments::none);

// A configuration that the program carries.
struct BuiltInConfig {
  std::string_view name;  // "coco/higherhrnet_w32_512"
  std::string_view toml;
};
std::span<const BuiltInConfig> built_in_configs();

}  // namespace posecu
