#!/usr/bin/env bash
# clang-tidy over the rooms named (all without arguments), with the checks of .clang-tidy, a file a core. Needs
# clang-tidy 16 or later, because older ones do not know all of C++20, clang's omp.h (Debian 12: apt-get install
# clang-tidy-16 libomp-16-dev), and a configured build: cmake --preset cpu. BUILD names another build folder;
# TIDY_SECONDS is the time after which no further file is begun.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$(realpath "${BUILD:-build/cpu}")

tidy=
for candidate in clang-tidy-{19,18,17,16} clang-tidy; do
  version=$("$candidate" --version 2>/dev/null | sed -nE 's/.*version ([0-9]+).*/\1/p' || true)
  if [[ ${version:-0} -ge 16 ]]; then
    tidy=$candidate
    break
  fi
done
[[ -n $tidy ]] || { echo "tidy: no clang-tidy 16 or later here" >&2; exit 4; }
[[ -f $build/compile_commands.json ]] || { echo "tidy: no $build/compile_commands.json; run cmake --preset cpu" >&2; exit 4; }

rooms=("$@")
[[ ${#rooms[@]} -gt 0 ]] || rooms=(core kernels layers losses models data pose training apps tests bench)
files=()
for room in "${rooms[@]}"; do  # of the tests, the files that include several
  mapfile -t -O "${#files[@]}" files < <(
    sed -nE "s#^ *\"file\": \"(($PWD|$build)/$room/[^\"]*)\".*#\1#p" "$build/compile_commands.json" | sort -u)
done
[[ ${#files[@]} -gt 0 ]] || { echo "tidy: no compiled sources in ${rooms[*]}" >&2; exit 2; }

# In an order of this commit's own: where time is short, the next one's part is another.
deadline=$(($(date +%s) + ${TIDY_SECONDS:-100000}))
looked_at=$(mktemp)
trap 'rm -f "$looked_at"' EXIT
printf '%s\n' "${files[@]}" | shuf --random-source=<(yes "$(git rev-parse HEAD)") |
  xargs -P"$(nproc)" -I{} sh -c '
    [ "$(date +%s)" -lt "$4" ] || exit 0
    echo "$3" >>"$5"
    "$1" -p "$2" --quiet "$3" 2>/dev/null' _ "$tidy" "$build" {} "$deadline" "$looked_at" || {
  echo "tidy: findings above" >&2
  exit 1
}
echo "tidy: $(wc -l <"$looked_at") of ${#files[@]} translation units, nothing found"
