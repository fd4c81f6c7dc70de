#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apps/exit_code.h"
#include "apps/help_pages.h"
#include "apps/output.h"
#include "apps/suggestion.h"
#include "apps/verbs.h"
#include "core/error.h"

namespace posecu {
namespace {

constexpr auto kExamples = std::to_array<Example>({
    {"posecu help train", "what posecu train --help prints"},
    {"posecu help train --format man > posecu-train.1", "the same as a manual page, for man(1)"},
    {"posecu help keys --format markdown", "every key of a configuration, as a table"},
    {"posecu help --completion bash > posecu.bash",
     "what bash reads to complete verbs, options, keys and their values"},
});

constexpr auto kOptions = std::to_array<OptionHelp>({
    {"--format", "FORMAT", "text (default), man or markdown."},
    {"--completion", "SHELL", "A script for bash, zsh or fish."},
});

enum class Format { text, man, markdown };

Format format_of(const Arguments& arguments) {
  const std::string name = arguments.value("--format").value_or("text");
  if (name == "text") return Format::text;
  if (name == "man") return Format::man;
  if (name == "markdown") return Format::markdown;
  constexpr auto kFormats = std::to_array<std::string_view>({"text", "man", "markdown"});
  throw UsageError(
      fmt::format("help: --format {}: expected text, man or markdown{}", name, did_you_mean(name, kFormats)));
}

struct Page {
  std::string text, man, markdown;
  const std::string& in(Format format) const {
    return format == Format::man ? man : format == Format::markdown ? markdown : text;
  }
};

Page page_of(const std::vector<std::string>& words) {
  if (words.empty()) return {overview(), man_of_program(), markdown_of_program()};
  if (words[0] == "keys") return {text_of_keys(), man_of_keys(), markdown_of_keys()};
  const Verb& verb = find_verb(words[0]);
  return {help_of(verb), man_of(verb), markdown_of(verb)};
}

}  // namespace

const VerbHelp kHelpHelp{.usage = "[VERB | keys] [--format FORMAT] | --completion SHELL",
                         .examples = kExamples,
                         .options = kOptions,
                         .least_words = 0,
                         .most_words = 1};

int run_help(const Arguments& arguments) {
  if (const auto shell = arguments.value("--completion")) {
    if (!arguments.words().empty() || arguments.given("--format"))
      throw UsageError("help: --completion stands alone\n  try: posecu help --completion bash");
    print(completion_for(*shell));
    return kDone;
  }
  print(page_of(arguments.words()).in(format_of(arguments)));
  return kDone;
}

}  // namespace posecu
