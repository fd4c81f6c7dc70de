#!/usr/bin/env bash
# check_layers.sh must name each planted include by file and line, and pass a tree without any.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{core,layers,losses,models,tests/pose}

expect() {  # WHAT STATUS TEXT
  local output status=0
  output=$("$scripts/check_layers.sh" "$tree" 2>&1) || status=$?
  if [[ $status -ne $2 || $output != *"$3"* ]]; then
    printf 'check_layers_test: %s: expected status %d and "%s", found status %d and:\n%s\n' \
      "$1" "$2" "$3" "$status" "$output" >&2
    exit 1
  fi
}

expect "an empty tree" 2 "no sources"
printf '#include <vector>\n#include "core/error.h"\n#include "layers/conv2d.h"\n' >"$tree/layers/clean.h"
expect "a clean tree" 0 "1 files keep the order"
plant() {  # FILE INCLUDE
  printf '#include <vector>\n  #  include "%s"\n' "$2" >"$tree/$1"
  expect "$1 including $2" 1 "$1:2:"
  rm "$tree/$1"
}
plant layers/planted.h models/hrnet.h
plant losses/planted.cpp layers/conv2d.h
plant core/planted.h kernels/batch_norm.h
plant models/planted.cu apps/config.h
plant layers/planted.cuh tests/support/golden.h
plant tests/pose/planted_test.cpp training/adam.h
plant tests/pose/planted_test.cpp tests/losses/cases.h
expect "the tree after them" 0 "keep the order"
echo "check_layers_test: 7 planted includes found"
