#!/usr/bin/env bash
# Holds the order of the rooms: reports file:line of each #include that the table does not allow. Argument: the root of
# another tree to check.
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

declare -A may_use=(
  [core]=""
  [kernels]="core"
  [layers]="core kernels"
  [losses]="core kernels"
  [models]="core layers"
  [data]="core kernels"
  [pose]="core kernels data"
  [training]="core kernels layers losses models data"
  [apps]="core kernels layers losses models data pose training"
)

found=0
files=0
# What includes what: FILE:LINE:FOLDER, for every include of the form "folder/...".
check() {  # WHO ALLOWED... : files on standard input
  local who=$1 file line folder
  shift
  while IFS= read -r -d '' file; do
    files=$((files + 1))
    while IFS=: read -r line folder; do
      [[ " $* " == *" $folder "* ]] && continue
      echo "$file:$line: $who must not include $folder/"
      found=$((found + 1))
    done < <(sed -nE '/^[[:space:]]*#[[:space:]]*include[[:space:]]*"/{=;p}' "$file" |
      sed -nE 'N;s|^([0-9]+)\n[^"]*"((tests/)?[^/"]*)/.*|\1:\2|p')
  done
}
sources() { find "$1" -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' \) -print0; }

for room in "${!may_use[@]}"; do
  read -ra allowed <<<"$room ${may_use[$room]}"
  [[ -d $room ]] && check "$room" "${allowed[@]}" < <(sources "$room")
  [[ -d tests/$room ]] && check "tests/$room" "${allowed[@]}" tests/support tests/reference "tests/$room" \
    < <(sources "tests/$room")
done
# A reference shares no code with what it checks, and test support belongs to no room.
[[ -d tests/reference ]] && check tests/reference core tests/reference < <(sources tests/reference)
[[ -d tests/support ]] && check tests/support core tests/support tests/reference < <(sources tests/support)

if [[ $files -eq 0 ]]; then
  echo "check_layers: no sources under $PWD" >&2
  exit 2
fi
if [[ $found -gt 0 ]]; then
  echo "check_layers: $found includes against the order of the rooms" >&2
  exit 1
fi
echo "check_layers: $files files keep the order of the rooms"
