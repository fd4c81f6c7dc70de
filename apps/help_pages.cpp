#include "apps/help_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "apps/config.h"
#include "apps/machine.h"
#include "apps/verbs.h"

namespace posecu {
namespace {

struct Meaning {
  std::string_view what, sentence;
};

constexpr auto kExitCodes = std::to_array<Meaning>({
    {"0", "done"},
    {"1", "a bug of posecu"},
    {"2", "wrong usage or configuration; a run folder that is in use or not empty"},
    {"3", "bad input: the message names the file and the place in it; a check that found something"},
    {"4", "the machine: no memory, no such device, disk full"},
    {"130, 143", "ended by SIGINT or SIGTERM, after saving"},
});

constexpr auto kEnvironment = std::to_array<Meaning>({
    {"NO_COLOR", "when set, messages have no colours"},
    {"OMP_WAIT_POLICY",
     "posecu starts itself again with \"passive\" where it is not set: threads that spin slow it down"},
});

std::string value_of(const Key& key) { return format_value(parse_value(key, key.fallback, "default")); }

// Text for roff: a backslash, and a dot or quote that begins a line, would be commands; hyphens stay hyphens.
std::string roff(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (result.empty() || result.back() == '\n')) result += "\\&";
    if (c == '\\')
      result += "\\e";
    else if (c == '-')
      result += "\\-";
    else
      result += c;
  }
  return result;
}

std::string man_head(std::string_view name, int section, std::string_view sentence) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return fmt::format(".TH {} {} \"\" \"posecu {}\" \"posecu\"\n.SH NAME\n{} \\- {}\n", roff(upper), section, version(),
                     roff(name), roff(sentence));
}

std::string man_item(std::string_view what, std::string_view sentence) {
  return fmt::format(".TP\n.B {}\n{}\n", roff(what), roff(sentence));
}

// A cell of a table: "|" would end it.
std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c;
  }
  return result;
}

std::string option_text(const OptionHelp& option) {
  return option.value.empty() ? std::string(option.name) : fmt::format("{} {}", option.name, option.value);
}

constexpr std::string_view kRemade = "<!-- Made by scripts/make_docs.sh from the program's own tables. -->\n";

}  // namespace

std::string man_of_program() {
  std::string page = man_head("posecu", 1, "finds people and their keypoints in pictures, and trains networks for it");
  page += ".SH SYNOPSIS\n.B posecu\n.I VERB\n... [key=value ...] [\\-\\-options]\n.SH VERBS\n";
  for (const Verb& verb : verbs())
    page += man_item(verb.name, fmt::format("{}; see posecu-{}(1)", verb.sentence, verb.name));
  page += ".SH EXIT STATUS\n";
  for (const Meaning& code : kExitCodes) page += man_item(code.what, code.sentence);
  page += ".SH ENVIRONMENT\n";
  for (const Meaning& variable : kEnvironment) page += man_item(variable.what, variable.sentence);
  return page + ".SH SEE ALSO\n.BR posecu\\-keys (5)\n";
}

std::string man_of(const Verb& verb) {
  const VerbHelp& help = *verb.help;
  std::string page = man_head(fmt::format("posecu-{}", verb.name), 1, verb.sentence);
  page += fmt::format(".SH SYNOPSIS\n{}\n", roff(usage_of(verb)));
  if (!help.text.empty()) page += fmt::format(".SH DESCRIPTION\n{}\n", roff(help.text));
  page += ".SH OPTIONS\n";
  for (const OptionHelp& option : help.options) page += man_item(option_text(option), option.sentence);
  page += man_item("--help", "Prints examples, usage and options.") + ".SH EXAMPLES\n";
  for (const Example& example : help.examples) page += man_item(example.command, example.sentence);
  page += ".SH SEE ALSO\n.BR posecu (1)";
  if (help.overrides == VerbHelp::Overrides::accepted) page += ",\n.BR posecu\\-keys (5)";
  return page + "\n";
}

std::string text_of_keys() {
  std::string text = "Built-in configurations\n";
  for (const BuiltInConfig& built_in : built_in_configs()) text += fmt::format("  {}\n", built_in.name);
  std::string_view section;
  for (const Key& key : config_keys()) {
    if (key.section() != section) text += fmt::format("\n[{}]\n", section = key.section());
    text += fmt::format("  {} = {}\n      {} ({})\n", key.name, value_of(key), key.sentence, describe_range(key));
  }
  return text;
}

std::string man_of_keys() {
  std::string page = man_head("posecu-keys", 5, "keys of a configuration");
  page += ".SH DESCRIPTION\n" +
          roff(
              "A configuration is a TOML file, one of the built-in ones (posecu config list), or "
              "key=value on a command line, which wins. Each key has a type and a range.") +
          "\n";
  std::string_view section;
  for (const Key& key : config_keys()) {
    if (key.section() != section) page += fmt::format(".SH {}\n", section = key.section());
    page += man_item(fmt::format("{} = {}", key.name, value_of(key)),
                     fmt::format("{} ({})", key.sentence, describe_range(key)));
  }
  return page + ".SH SEE ALSO\n.BR posecu (1)\n";
}

std::string markdown_of_program() {
  std::string page = fmt::format("{}# The verbs\n\n| verb | does |\n| --- | --- |\n", kRemade);
  for (const Verb& verb : verbs()) page += fmt::format("| [`{0}`]({0}.md) | {1} |\n", verb.name, cell(verb.sentence));
  page += "\nKeys for key=value: [keys.md](keys.md).\n\n| exit code | means |\n| --- | --- |\n";
  for (const Meaning& code : kExitCodes) page += fmt::format("| {} | {} |\n", code.what, cell(code.sentence));
  page += "\n| environment | means |\n| --- | --- |\n";
  for (const Meaning& variable : kEnvironment)
    page += fmt::format("| `{}` | {} |\n", variable.what, cell(variable.sentence));
  return page;
}

std::string markdown_of(const Verb& verb) {
  const VerbHelp& help = *verb.help;
  std::string page =
      fmt::format("{0}# posecu {1}\n\nposecu {1} {2}.\n\n    {3}\n", kRemade, verb.name, verb.sentence, usage_of(verb));
  if (!help.text.empty()) page += fmt::format("\n{}\n", help.text);
  page += "\n## Examples\n\n";
  for (const Example& example : help.examples)
    page += fmt::format("    {}\n\n{}\n\n", example.command, example.sentence);
  page += "## Options\n\n| option | means |\n| --- | --- |\n";
  for (const OptionHelp& option : help.options)
    page += fmt::format("| `{}` | {} |\n", cell(option_text(option)), cell(option.sentence));
  page += "| `--help` | Prints examples, usage and options. |\n";
  if (help.overrides == VerbHelp::Overrides::accepted) page += "\nKeys for key=value: [keys.md](keys.md).\n";
  return page;
}

std::string markdown_of_keys() {
  std::string page = fmt::format("{}# Keys of a configuration\n", kRemade);
  std::string_view section;
  for (const Key& key : config_keys()) {
    if (key.section() != section)
      page += fmt::format("\n## {}\n\n| key | default | range | means |\n| --- | --- | --- | --- |\n",
                          section = key.section());
    page += fmt::format("| `{}` | `{}` | {} | {} |\n", key.name, cell(value_of(key)), cell(describe_range(key)),
                        cell(key.sentence));
  }
  return page;
}

}  // namespace posecu
