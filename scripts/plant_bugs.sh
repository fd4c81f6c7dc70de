#!/usr/bin/env bash
# Plants the bugs of tests/planted_bugs.txt one by one and wants a test to go red for each. Works on a copy of the tree
# in build/planted, or in the folder that PLANTED names, never on the working files. Prints a table; fails if a bug is
# not caught, does not compile, or if its test is red without it. Argument: text that the bugs to plant contain (file,
# test or line); all without.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
place=${PLANTED:-$root/build/planted}
tree=$place/tree
build=$place/build
table=tests/planted_bugs.txt
wanted=${1:-}

mkdir -p "$tree"
exec 9>"$place/lock"
flock -n 9 || { echo "plant_bugs: another run works in $place; PLANTED=DIR takes another folder" >&2; exit 2; }

# The copy differs from the working tree in nothing, also after an interrupted run; what is equal keeps its time stamp.
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
  [[ -f $file ]] || continue
  cmp -s "$file" "$tree/$file" && continue
  mkdir -p "$tree/$(dirname "$file")"
  cp "$file" "$tree/$file"
done

# A bug is three lines: "file | test binary | filter", "- old text", "+ new text".
places=() olds=() news=() binaries=() filters=()
while IFS= read -r line; do
  case $line in
    '#'* | '') ;;
    '- '*) olds+=("${line#- }") ;;
    '+ '*) news+=("${line#+ }") ;;
    *)
      IFS='|' read -r file binary filter <<<"${line// /}"
      places+=("$file") binaries+=("$binary") filters+=("$filter")
      ;;
  esac
done <"$table"
[[ ${#places[@]} -eq ${#olds[@]} && ${#places[@]} -eq ${#news[@]} ]] ||
  { echo "plant_bugs: $table: ${#places[@]} places, ${#olds[@]} old and ${#news[@]} new texts" >&2; exit 3; }

export CCACHE_BASEDIR=$tree
cmake -S "$tree" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS=-w >/dev/null
log=$build/log
run_test() { timeout 300 "$build/bin/$1" --gtest_brief=1 --gtest_filter="$2" >"$log" 2>&1; }
compile() { cmake --build "$build" --target "$1" >"$log" 2>&1 || { tail -30 "$log" >&2; return 1; }; }

file='' original=''
restore() { [[ -z $file ]] || printf '%s' "$original" >"$tree/$file"; file=''; }
trap restore EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

failed=0 planted=0
verdict() { printf '%-12s %-28s %s\n' "$1" "$2" "$3"; }
declare -A green=()
for ((i = 0; i < ${#places[@]}; ++i)); do
  source=${places[i]} old=${olds[i]} new=${news[i]} binary=${binaries[i]} filter=${filters[i]}
  [[ "$source $binary $filter $old" == *"$wanted"* ]] || continue
  planted=$((planted + 1))
  if [[ -z ${green[$binary $filter]:-} ]]; then
    compile "$binary" || exit 1
    run_test "$binary" "$filter" || { cat "$log" >&2; echo "plant_bugs: $binary $filter is red without a bug" >&2; exit 1; }
    green[$binary $filter]=yes
  fi
  original=$(cat "$tree/$source"; printf x)
  original=${original%x}
  count=$(grep -cF -- "$old" "$tree/$source" || true)
  if [[ $count -ne 1 ]]; then
    verdict "NOT PLANTED" "$source" "$count lines hold: $old"
    failed=1
    continue
  fi
  file=$source
  printf '%s' "${original/"$old"/"$new"}" >"$tree/$file"
  if ! compile "$binary"; then
    verdict "NO COMPILE" "$source" "$new"
    failed=1
  elif run_test "$binary" "$filter"; then
    verdict "NOT CAUGHT" "$source" "$old  ->  $new"
    failed=1
  else
    verdict "caught" "$source" "$old  ->  $new"
  fi
  restore
done
[[ $planted -gt 0 ]] || { echo "plant_bugs: no bug of $table contains '$wanted'" >&2; exit 2; }
echo "plant_bugs: $planted bugs planted, $([[ $failed -eq 0 ]] && echo "all caught" || echo "SOME NOT CAUGHT")"
exit $failed
