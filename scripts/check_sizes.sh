#!/usr/bin/env bash
# Holds the limits of size: a file 400 lines, a header 150, a function or kernel 60 (from its first line to its brace),
# a line 120 columns. Head comments of kernels (the comment that a .cu begins with) do not count.
#
# Functions are found by clang-format's layout: a block that begins at column 0 or 2 and ends with a lone brace there.
set -euo pipefail
cd "$(dirname "$0")/.."

# Named exceptions, each with its reason: FILE WHAT LIMIT.
exceptions="
kernels/runtime/vec_native.h file 250   one class of vector registers, all its operations side by side
kernels/runtime/vec_array.h file 250    the same class as a plain array, to be read beside it
tests/data/mask_test.cpp line 350       run lengths as pycocotools writes them, in one piece
"

list() { git ls-files -co --exclude-standard -- '*.h' '*.cpp' '*.cu' '*.cuh' | while read -r f; do [[ -f $f ]] && echo "$f"; done; }

list | xargs awk -v exceptions="$exceptions" '
  function limit(file, what, usual,   key) {
    key = file " " what
    return key in allowed ? allowed[key] : usual
  }
  function report(line, text) {
    print file ":" line ": " text
    bad = 1
  }
  function finish() {
    if (file == "") return
    most = file ~ /\.h$/ ? limit(file, "file", 150) : limit(file, "file", 400)
    if (counted > most) report(counted, "the file has " counted " lines, at most " most)
  }
  BEGIN {
    n = split(exceptions, lines, "\n")
    for (i = 1; i <= n; ++i) if (split(lines[i], part, " ") >= 3) allowed[part[1] " " part[2]] = part[3]
  }
  FNR == 1 {
    finish()
    file = FILENAME
    counted = 0
    begin[0] = begin[2] = 0
    in_head = file ~ /\.cu$/
  }
  in_head && /^\/\// { next }
  { in_head = 0; ++counted }
  length($0) > limit(file, "line", 120) { report(FNR, "the line has " length($0) " columns, at most 120") }
  /^(  )?}$/ {
    indent = length($0) - 1
    if (begin[indent] > 0) {
      size = FNR - begin[indent] + 1
      most = limit(file, name[indent], 60)
      if (size > most) report(begin[indent], "the function " name[indent] " has " size " lines, at most " most)
    }
    begin[indent] = 0
    next
  }
  /^(  )?[A-Za-z~_\[]/ {
    indent = substr($0, 1, 2) == "  " ? 2 : 0
    if ($0 ~ /^ *(template|namespace)/) next
    begin[indent] = FNR
    name[indent] = $0
    sub(/\(.*/, "", name[indent])
    sub(/.*[ *&]/, "", name[indent])
  }
  END {
    finish()
    exit bad
  }' || { echo "check_sizes: split what is too long, or name it with its reason in scripts/check_sizes.sh" >&2; exit 1; }
echo "check_sizes: files, functions and lines keep their limits"
