// Shell completions: verbs, options of each verb, keys, and the values of keys that have a list of them.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apps/arguments.h"
#include "apps/config.h"
#include "apps/help_pages.h"
#include "apps/suggestion.h"
#include "apps/verbs.h"
#include "core/error.h"

namespace posecu {
namespace {

bool takes_keys(const Verb& verb) { return verb.help->overrides == VerbHelp::Overrides::accepted; }

std::string values_of(const Key& key) {
  if (key.type == KeyType::boolean) return "true false";
  std::string values(key.choices);
  std::ranges::replace(values, '|', ' ');
  return values;
}

std::string names_of_configs() {
  std::string names;
  for (const BuiltInConfig& config : built_in_configs()) names += fmt::format(" {}", config.name);
  return names.substr(1);
}

std::string names_of_verbs() {
  std::string names;
  for (const Verb& verb : verbs()) names += fmt::format(" {}", verb.name);
  return names.substr(1);
}

std::string keys_with(std::string_view ending) {
  std::string names;
  for (const Key& key : config_keys()) names += fmt::format(" {}{}", key.name, ending);
  return names.substr(1);
}

// `key) VALUES ;;` of a case for every key whose values are known; `form` is what to do with them.
std::string cases_of_values(fmt::format_string<std::string&> form) {
  std::string cases;
  for (const Key& key : config_keys()) {
    std::string values = values_of(key);
    if (!values.empty()) cases += fmt::format("      {}) {} ;;\n", key.name, fmt::format(form, values));
  }
  return cases;
}

std::string bash() {
  std::string options;
  for (const Verb& verb : verbs()) {
    std::string names = "--help";
    for (const OptionHelp& option : verb.help->options) names += fmt::format(" {}", option.name);
    options +=
        fmt::format("    {}) words='{}{}' ;;\n", verb.name, names, takes_keys(verb) ? "'\" $keys $configs\"'" : "");
  }
  return fmt::format(R"(# Completion of posecu for bash:  source <(posecu help --completion bash)
_posecu() {{
  local before=${{COMP_LINE:0:COMP_POINT}} words=
  local word=${{before##* }}
  local keys='{}' configs='{}'
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W '{} --help --version' -- "$word"))
    return
  fi
  if [[ $word == [a-z]*=* ]]; then
    case ${{word%%=*}} in
{}    esac
    # "=" ends a word for bash: it replaces what stands behind it.
    [[ -n $words ]] && COMPREPLY=($(compgen -W "$words" -- "${{word#*=}}"))
    return
  fi
  case ${{COMP_WORDS[1]}} in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [[ ${{#COMPREPLY[@]}} -eq 1 && ${{COMPREPLY[0]}} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}}
complete -o bashdefault -o default -F _posecu posecu
)",
                     keys_with("="), names_of_configs(), names_of_verbs(), cases_of_values("words='{}'"), options);
}

// ":" ends a name in zsh's lists.
std::string described(std::string_view name, std::string_view sentence) {
  std::string text(sentence);
  std::ranges::replace(text, ':', ';');
  return shell_quoted(fmt::format("{}:{}", name, text));
}

std::string zsh() {
  std::string names, options;
  for (const Verb& verb : verbs()) {
    names += fmt::format("    {}\n", described(verb.name, verb.sentence));
    options += fmt::format("    {}) keyed={}; options=(\n", verb.name, takes_keys(verb) ? 1 : 0);
    for (const OptionHelp& option : verb.help->options)
      options += fmt::format("      {}\n", described(option.name, option.sentence));
    options += "      '--help:Prints examples, usage and options.') ;;\n";
  }
  return fmt::format(R"(#compdef posecu
# Completion of posecu for zsh:  posecu help --completion zsh > DIR/_posecu, where DIR is in $fpath
_posecu() {{
  local keyed=0 key
  local -a verbs options
  verbs=(
{}  )
  if (( CURRENT == 2 )); then
    _describe verb verbs
    return
  fi
  if [[ $PREFIX == [a-z]*=* ]]; then
    key=${{PREFIX%%=*}}
    compset -P '*='
    case $key in
{}      *) _files ;;
    esac
    return
  fi
  case $words[2] in
{}  esac
  _describe -o option options
  (( keyed )) && compadd -S '=' -q -- {}
  (( keyed )) && compadd -- {}
  _files
}}
if [[ $funcstack[1] == _posecu ]]; then _posecu "$@"; else compdef _posecu posecu; fi
)",
                     names, cases_of_values("compadd -- {}"), options, keys_with(""), names_of_configs());
}

std::string fish() {
  std::string script =
      "# Completion of posecu for fish:  posecu help --completion fish > ~/.config/fish/completions/posecu.fish\n";
  std::string keyed;
  for (const Verb& verb : verbs()) {
    script += fmt::format("complete -c posecu -n __fish_use_subcommand -a {} -d {}\n", verb.name,
                          shell_quoted(verb.sentence));
    for (const OptionHelp& option : verb.help->options)
      script += fmt::format("complete -c posecu -n '__fish_seen_subcommand_from {}' -l {}{} -d {}\n", verb.name,
                            option.name.substr(2), option.value.empty() ? "" : " -r", shell_quoted(option.sentence));
    if (takes_keys(verb)) keyed += fmt::format(" {}", verb.name);
  }
  const std::string when = fmt::format("complete -c posecu -n '__fish_seen_subcommand_from{}'", keyed);
  script += fmt::format("{} -a '{}'\n", when, names_of_configs());
  for (const Key& key : config_keys()) {
    std::string words = fmt::format("{}=", key.name);
    if (std::string values = values_of(key); !values.empty()) {
      words = fmt::format("{0}={1}", key.name, values);
      for (std::size_t at = 0; (at = words.find(' ', at)) != std::string::npos; at += key.name.size() + 2)
        words.insert(at + 1, fmt::format("{}=", key.name));
    }
    script += fmt::format("{} -a '{}' -d {}\n", when, words, shell_quoted(key.sentence));
  }
  return script;
}

}  // namespace

std::string completion_for(std::string_view shell) {
  if (shell == "bash") return bash();
  if (shell == "zsh") return zsh();
  if (shell == "fish") return fish();
  constexpr auto kShells = std::to_array<std::string_view>({"bash", "zsh", "fish"});
  throw UsageError(
      fmt::format("help: --completion {}: expected bash, zsh or fish{}", shell, did_you_mean(shell, kShells)));
}

}  // namespace posecu
