// The table of configuration keys: everything that help, `config list`, validation and the TOML writer know of a key.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace posecu {

enum class KeyType { boolean, integer, number, text, integers, numbers, texts };

struct Key {
  std::string_view name;  // "train.batch"
  KeyType type;
  std::string_view fallback;                   // the default, as written on a command line
  double least = 0, most = 0;                  // of a number, or of each number of a list
  std::string_view choices;                    // of a text: "hrnet|higherhrnet"; empty: any text
  std::size_t min_length = 0, max_length = 0;  // of a list
  std::string_view sentence;

  std::string_view section() const { return name.substr(0, name.find('.')); }
};

std::span<const Key> config_keys();          // in the order in which they are listed
const Key* find_key(std::string_view name);  // null when there is none
std::vector<std::string_view> config_key_names();

std::string_view to_string(KeyType type);    // "whole number", "list of texts"
std::string describe_range(const Key& key);  // "1 to 1024", "hrnet or higherhrnet", "3 whole numbers from 1 to 64"

}  // namespace posecu
