#!/usr/bin/env bash
# Runs every fuzz target of tests/fuzz, one after another, with sanitizers and coverage: scripts/fuzz.sh [SECONDS] [NAME...]
# (default 60 seconds each, all targets). An input that is a finding is written to build/fuzz/findings; what reached new
# code stays in build/fuzz/corpus for the next time.
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
export UBSAN_OPTIONS=abort_on_error=1:print_stacktrace=1  # an abort is what libFuzzer keeps the input of
for target in "${targets[@]}"; do
  mapfile -t seeds <build/fuzz/tests/fuzz/"$target".seeds
  corpus=build/fuzz/corpus/$target
  mkdir -p "$corpus"
  find "${seeds[@]}" -type f -size -128k -exec cp --no-clobber {} "$corpus" \;
  echo "=== $target, $(find "$corpus" -type f | wc -l) seeds"
  "build/fuzz/bin/${target}_fuzz" -max_total_time="$seconds" -timeout=30 -max_len=65536 \
    -artifact_prefix=build/fuzz/findings/ "$corpus"
done
