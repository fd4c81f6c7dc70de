// The one file that knows CLI11.
#include "apps/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "apps/suggestion.h"
#include "core/error.h"

namespace posecu {
namespace {

std::string see_help(const Verb& verb) { return fmt::format("\n  try: posecu {} --help", verb.name); }

// A word is an override when a key's name stands before its first '='; a file of such a name can be given as ./NAME.
bool is_override(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return false;
  return std::ranges::all_of(word.substr(0, equals), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  });
}

void refuse_unknown_option(const Verb& verb, const std::string& word) {
  std::vector<std::string_view> names{"--help"};
  for (const OptionHelp& option : verb.help->options) names.push_back(option.name);
  const std::string_view name = std::string_view(word).substr(0, word.find('='));
  throw UsageError(
      fmt::format("{}: unknown option {}{}{}", verb.name, name, did_you_mean(name, names), see_help(verb)));
}

std::string quoted_where_needed(std::string_view word) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,+@%-";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) return std::string(word);
  return shell_quoted(word);
}

void check_words(const Verb& verb, const std::vector<std::string>& words) {
  const VerbHelp& help = *verb.help;
  const auto n = static_cast<int>(words.size());
  if (n < help.least_words)
    throw UsageError(fmt::format("{}: too few words\n  usage: {}{}", verb.name, usage_of(verb), see_help(verb)));
  if (n > help.most_words)
    throw UsageError(fmt::format("{}: unexpected word {}\n  usage: {}{}", verb.name,
                                 words[static_cast<std::size_t>(help.most_words)], usage_of(verb), see_help(verb)));
}

}  // namespace

Arguments Arguments::parse(const Verb& verb, std::span<const char* const> words) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::string> positionals;
  app.add_option("words", positionals);
  std::map<std::string_view, CLI::Option*> parsed;
  for (const OptionHelp& option : verb.help->options) {
    const std::string name(option.name);
    parsed[option.name] = option.value.empty() ? app.add_flag(name) : app.add_option(name)->expected(1);
  }
  std::vector<std::string> reversed(words.rbegin(), words.rend());  // as CLI11 wants it
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    throw UsageError(fmt::format("{}: {}{}", verb.name, error.what(), see_help(verb)));
  }
  Arguments arguments;
  arguments.command_line_ = fmt::format("posecu {}", verb.name);
  for (const char* word : words) arguments.command_line_ += ' ' + quoted_where_needed(word);
  for (const std::string& word : app.remaining()) {
    if (word.starts_with('-') && word != "-") refuse_unknown_option(verb, word);
    positionals.push_back(word);
  }
  for (const auto& [name, option] : parsed) {
    if (option->count() > 1) throw UsageError(fmt::format("{}: {} is given twice", verb.name, name));
    if (option->count() == 1) arguments.options_.emplace(name, option->results().front());
  }
  for (std::string& word : positionals)
    (is_override(word) ? arguments.overrides_ : arguments.words_).push_back(std::move(word));
  if (verb.help->overrides == VerbHelp::Overrides::refused && !arguments.overrides_.empty())
    throw UsageError(
        fmt::format("{}: takes no key=value, found {}{}", verb.name, arguments.overrides_.front(), see_help(verb)));
  check_words(verb, arguments.words_);
  return arguments;
}

std::optional<std::string> Arguments::value(std::string_view option) const {
  const auto found = options_.find(option);
  return found == options_.end() ? std::nullopt : std::optional(found->second);
}

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + '\'';
}

std::string usage_of(const Verb& verb) {
  return fmt::format("posecu {}{}{}", verb.name, verb.help->usage.empty() ? "" : " ", verb.help->usage);
}

std::string help_of(const Verb& verb) {
  const VerbHelp& help = *verb.help;
  std::string text = fmt::format("posecu {} {}.\n\nExamples\n", verb.name, verb.sentence);
  for (const Example& example : help.examples)
    text += fmt::format("  {}\n      {}\n", example.command, example.sentence);
  text += fmt::format("\nUsage\n  {}\n", usage_of(verb));
  if (!help.text.empty()) text += fmt::format("\n{}\n", help.text);
  text += "\nOptions\n";
  for (const OptionHelp& option : help.options)
    text += fmt::format("  {:<22} {}\n", fmt::format("{} {}", option.name, option.value), option.sentence);
  text += fmt::format("  {:<22} {}\n", "--help", "This text.");
  if (help.overrides == VerbHelp::Overrides::accepted) text += "\nKeys for key=value: posecu config list\n";
  return text;
}

std::int64_t whole_number(std::string_view option, std::string_view text, std::int64_t least, std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
    throw UsageError(fmt::format("{} {}: expected a whole number from {} to {}", option, text, least, most));
  return number;
}

}  // namespace posecu
