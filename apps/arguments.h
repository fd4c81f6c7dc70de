// The command line of one verb: what it may hold, and what a user gave.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posecu {

struct OptionHelp {
  std::string_view name;   // "--out"
  std::string_view value;  // "RUN"; empty: a switch
  std::string_view sentence;
};

struct Example {
  std::string_view command, sentence;
};

// Everything that the parser and the help know of a verb.
struct VerbHelp {
  std::string_view usage;  // "MODEL [CONFIG] [key=value...]"
  std::span<const Example> examples;
  std::span<const OptionHelp> options;
  int least_words = 0, most_words = 0;  // besides options and key=value
  enum class Overrides { refused, accepted } overrides = Overrides::refused;
  std::string_view text = {};  // what else to know
};

class Arguments;

struct Verb {
  std::string_view name, sentence;
  int (*run)(const Arguments&);
  const VerbHelp* help;
};

class Arguments {
 public:
  // Throws UsageError: unknown option (with the nearest right one), missing value, too few or too many words.
  static Arguments parse(const Verb& verb, std::span<const char* const> words);

  const std::vector<std::string>& words() const { return words_; }
  std::string word(std::size_t i) const { return i < words_.size() ? words_[i] : ""; }
  const std::vector<std::string>& overrides() const { return overrides_; }  // "key=value"
  bool given(std::string_view option) const { return options_.contains(option); }
  std::optional<std::string> value(std::string_view option) const;
  const std::string& command_line() const { return command_line_; }  // as a shell takes it

 private:
  std::vector<std::string> words_, overrides_;
  std::map<std::string, std::string, std::less<>> options_;
  std::string command_line_;
};

std::string shell_quoted(std::string_view text);  // in single quotes

std::string usage_of(const Verb& verb);  // "posecu eval MODEL ..."
std::string help_of(const Verb& verb);

// Throws UsageError naming the option unless `text` is a whole number from `least` to `most`.
std::int64_t whole_number(std::string_view option, std::string_view text, std::int64_t least, std::int64_t most);

}  // namespace posecu
