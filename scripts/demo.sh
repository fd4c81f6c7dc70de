#!/usr/bin/env bash
# The first thing to type: sets up the machine, builds the program and runs `posecu demo`, which says how long it will
# take before it begins. Arguments go to it: scripts/demo.sh --quick
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
cmake --preset cpu >/dev/null
cmake --build --preset cpu --target posecu
echo
build/cpu/bin/posecu demo "$@"
echo
echo "posecu is build/cpu/bin/posecu here. To type just posecu: export PATH=\"$PWD/build/cpu/bin:\$PATH\""
