#!/usr/bin/env bash
# The first thing to type: sets up the machine, builds the program, trains a small network for at most 90 seconds on the
# one picture that comes with the project, draws the person it found, and says what to type next.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
cmake --preset cpu >/dev/null
cmake --build --preset cpu --target posecu
posecu=build/cpu/bin/posecu
picture=examples/one_picture/train/000000000785.jpg

run=runs/demo
for ((n = 2; ; ++n)); do
  [[ -e $run ]] || break
  run=runs/demo-$n
done

echo
echo "demo: training on $picture for at most 90 seconds, into $run"
status=0
timeout --signal=TERM 90 "$posecu" train examples/one_picture/demo.toml --out "$run" || status=$?
# 124: the time was over, and the training saved what it had.
[[ $status -eq 0 || $status -eq 124 ]] || exit "$status"

echo
"$posecu" eval "$run"
"$posecu" predict "$run" "$picture" --out "$run/found"
drawn=$(find "$run/found" -name '*.png' -print -quit)

cat <<END

demo: the person it found is drawn in $drawn
Next, type
  $posecu predict $run PICTURE --out found
      people in a picture of yours; this network has seen only one
  $posecu config show coco/higherhrnet_w32_512
      the published recipe; config list says what every key means
  $posecu train coco/laptop data.root=COCO --out RUN
      a small network on your copy of COCO
  scripts/test.sh
      the tests
END
