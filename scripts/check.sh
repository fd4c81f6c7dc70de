#!/usr/bin/env bash
# What a reader should not have to check: format, order of rooms, limits of size, words and constructs that do not
# belong here. Changes nothing; needs no build. Usable as a git hook: ln -s ../../scripts/check.sh .git/hooks/pre-commit
set -uo pipefail
cd "$(git rev-parse --show-toplevel)" || exit 4

failed=0
step() {  # NAME COMMAND...
  local name=$1
  shift
  "$@" || {
    echo "check: $name failed" >&2
    failed=1
  }
}
sources() { git ls-files -co --exclude-standard -- "$@" | while read -r file; do [[ -f $file ]] && echo "$file"; done; }

format() {
  local version
  version=$(clang-format --version 2>/dev/null | sed -nE 's/.*version ([0-9]+).*/\1/p')
  if [[ $version != 14 ]]; then
    echo "format: skipped, it takes clang-format 14 (found: ${version:-none})"
    return
  fi
  sources '*.h' '*.cpp' '*.cu' '*.cuh' | xargs clang-format --dry-run -Werror && echo "format: as clang-format 14 has it"
}

scripts_parse() {
  local script
  for script in scripts/*.sh .ci/run; do bash -n "$script" || return 1; done
}

# absent WHAT PATTERN PATHS...: no line of the files may match.
absent() {
  local what=$1 pattern=$2 hits
  shift 2
  hits=$(sources "$@" | grep -vE '^(scripts/check\.sh|tests/goldens/)' | xargs grep -nEH -- "$pattern" /dev/null)
  [[ -z $hits ]] && return
  printf '%s\n' "$hits"
  echo "check: $what" >&2
  return 1
}

contents() {
  local status=0 code=('*.h' '*.cpp' '*.cu' '*.cuh')
  local rooms='core kernels layers losses models data pose training' in_rooms=() room
  for room in $rooms; do in_rooms+=("$room/*.h" "$room/*.cpp" "$room/*.cu" "$room/*.cuh"); done
  absent "an open end without an owner" '\b(TODO|FIXME|XXX|HACK)\b' '*' || status=1
  absent "code in a comment" '^ *// *[A-Za-z_:]+(\(.*\))?( *[-+*/]?= *[^=].*)?; *$' "${code[@]}" || status=1
  absent "using namespace in a header" '^ *using namespace' '*.h' '*.cuh' || status=1
  absent "libraries never print" 'std::(cout|cerr)|\b(printf|puts|fprintf)\(' "${in_rooms[@]}" || status=1
  # data/loader: a batch belongs to its consumer and to the threads that still fill it. layers/cudnn: the library asks it.
  absent "shared ownership" 'shared_ptr' "${in_rooms[@]}" 'apps/*' ':!data/loader.*' ':!layers/cudnn.cpp' || status=1
  absent "trailing white space" '[[:blank:]]+$' "${code[@]}" '*.sh' '*.txt' '*.cmake' '*.md' '*.toml' || status=1
  absent "a path of somebody's machine" '/home/[a-z]|/root/[a-z]' '*' || status=1
  return $status
}

# Headers begin with a comment that says what they are for, then #pragma once; no file has a name that says nothing.
headers() {
  local status=0 file
  for file in $(sources '*.h' '*.cuh'); do
    head -n 1 "$file" | grep -q '^//' || { echo "$file:1: a header begins with a comment: what is it for?"; status=1; }
    grep -q '^#pragma once' "$file" || { echo "$file:1: no #pragma once"; status=1; }
  done
  for file in $(sources | grep -E '(^|/)(utils?|common|misc|types|helpers?)\.[a-z]+$'); do
    echo "$file: the name says nothing"
    status=1
  done
  return $status
}

step format format
step "the order of rooms" scripts/check_layers.sh
step "the check of that order" scripts/check_layers_test.sh
step sizes scripts/check_sizes.sh
step "links of the documentation" scripts/check_links.sh
step headers headers
step contents contents
step scripts scripts_parse
[[ $failed -eq 0 ]] && echo "check: all good"
exit $failed
