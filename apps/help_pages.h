// Manual pages, Markdown pages and shell completions, all from the tables that the parser reads: verbs, options, keys.
#pragma once

#include <string>
#include <string_view>

#include "apps/arguments.h"

namespace posecu {

// roff, for man(1): posecu(1), posecu-VERB(1), posecu-keys(5).
std::string man_of_program();
std::string man_of(const Verb& verb);
std::string man_of_keys();

std::string text_of_keys();  // and of the built-in configurations

// One page of docs/verbs each.
std::string markdown_of_program();
std::string markdown_of(const Verb& verb);
std::string markdown_of_keys();

// A script to be read by the shell `bash`, `zsh` or `fish`; throws UsageError for another name.
std::string completion_for(std::string_view shell);

}  // namespace posecu
