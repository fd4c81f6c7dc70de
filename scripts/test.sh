#!/usr/bin/env bash
# Builds posecu and runs its tests, all but those labelled slow; sets up the machine first. Further arguments go to
# ctest: scripts/test.sh -L unit
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
cmake --preset cpu >/dev/null
cmake --build --preset cpu
ctest --preset cpu -j "$(nproc)" -LE slow "$@"
