#!/usr/bin/env bash
# Runs every fuzz target of tests/fuzz, one after another, with sanitizers and coverage: scripts/fuzz.sh [SECONDS] [NAME...]
# (default 60 seconds each, all targets). An input that is a finding is written to build/fuzz/findings.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
[[ $# -gt 0 ]] && shift
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then
  for file in tests/fuzz/*_fuzz.cpp; do targets+=("$(basename "$file" _fuzz.cpp)"); done
fi
cmake -S . -B build/fuzz -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DPOSECU_FUZZ=ON \
  -DPOSECU_SANITIZE=address,undefined >/dev/null
cmake --build build/fuzz --target "${targets[@]/%/_fuzz}"
mkdir -p build/fuzz/findings
for target in "${targets[@]}"; do
  mapfile -t seeds <build/fuzz/tests/fuzz/"$target".seeds
  echo "=== $target, ${#seeds[@]} seeds"
  "build/fuzz/bin/${target}_fuzz" -max_total_time="$seconds" -seed="$RANDOM" -artifact_prefix=build/fuzz/findings/ "${seeds[@]}"
done
