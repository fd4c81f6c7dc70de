#!/usr/bin/env bash
# Checks posecu on a machine with a GPU, from the repository (build/cuda) or from gpu_bundle.sh's bundle:
#
#   scripts/gpu_check.sh [PART...]     PART: tests, sanitize, train, bench, torch; default: all
#
# Each part takes at most 8 minutes, runs whatever became of those before it, and adds to one results file,
# gpu_results.txt or $POSECU_RESULTS. The machine needs a driver, and cuDNN 9 or PyTorch, which brings it. Exit code: 0 all
# is well, 1 something failed, 4 there is no device.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 4
parts=(tests sanitize train bench torch)
results=${POSECU_RESULTS:-$PWD/gpu_results.txt}
bin=$PWD/bin
[[ -x $bin/posecu ]] || bin=$PWD/build/cuda/bin
[[ -x $bin/posecu ]] || { echo "gpu_check: no program: cmake --preset cuda && cmake --build --preset cuda" >&2; exit 4; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export OMP_WAIT_POLICY=passive POSECU_SOURCE=$PWD

# CUDA's libraries, where PyTorch's packages have put them; for our programs alone.
packages=$(python3 -c 'import glob, sys; print(":".join(d for p in sys.path for d in glob.glob(p + "/nvidia/*/lib")))' 2>/dev/null)
libraries=$PWD/lib${packages:+:$packages}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
ours() { LD_LIBRARY_PATH=$libraries "$@"; }

say() { echo "$*" | tee -a "$results"; }
log() { tee -a "$results"; }

device() { ours "$bin/posecu" doctor | sed -n 's/^  device  *\(cuda:0: .*\)/\1/p'; }
no_device() { ours "$bin/posecu" doctor | sed -n 's/^  device  *no cuda: //p'; }

# Seconds that this part may still take, at most LIMIT.
deadline=0
left() { local s=$((deadline - SECONDS)); ((s < $1)) || s=$1; echo $((s > 1 ? s : 1)); }

# A test program's last lines; its failures whole.
run_tests() {  # NAME LIMIT FILTER
  local output=$scratch/$1.txt status start=$SECONDS
  ours timeout "$(left "$2")" "$bin/${1}_tests" --gtest_brief=1 --gtest_filter="$3" >"$output" 2>&1
  status=$?
  grep -vE '^\[==========\]|^Running main|^\[  PASSED' "$output" | head -c 20000 >>"$results"
  say "$1: $(sed -n 's/^\[==========\] \([0-9]* tests\).*/\1/p' "$output" | tail -1)," \
    "$(grep -c '^\[  FAILED  \].*ms)' "$output") failed, $((SECONDS - start)) s," \
    "$( ((status == 124)) && echo "STOPPED at the limit" || echo "exit code $status")"
  return "$status"
}

part_tests() {
  local failed=0 name
  run_tests kernels_cuda 150 '*' || failed=1
  # These read device memory from the host: launches wait.
  export CUDA_LAUNCH_BLOCKING=1
  for name in layers losses models pose training; do
    run_tests "$name" 180 '-*Slow*:*Replay*' || failed=1
  done
  unset CUDA_LAUNCH_BLOCKING
  # Recorded and replayed against launched one by one.
  for name in core training finder; do
    run_tests "$name" 120 '*Replay*' || failed=1
  done
  return $failed
}

part_sanitize() {
  local sanitizer tool output failed=0 status
  sanitizer=$(PATH=$PATH:/usr/local/cuda/bin:/usr/local/cuda/compute-sanitizer command -v compute-sanitizer)
  [[ -n $sanitizer ]] || { say "compute-sanitizer: not there"; return 0; }
  export POSECU_NO_RED_ZONES=1
  for tool in memcheck racecheck initcheck synccheck; do
    output=$scratch/$tool.txt
    ours timeout "$(left 110)" "$sanitizer" --tool "$tool" --error-exitcode 99 "$bin/kernels_cuda_tests" \
      --gtest_filter='-HarnessTest.SeesWrite*' >"$output" 2>&1
    status=$?
    if grep -qiE 'not supported|unable to|permission|failed to initialize|no attachable' "$output"; then
      say "$tool: refused the device: $(grep -iE 'not supported|unable to|permission|failed to initialize|no attachable' "$output" | sed 1q)"
    elif ((status == 124)); then
      say "$tool: stopped at its limit after $(grep -c '^\[       OK' "$output") of" \
        "$(sed -n 's/^\[==========\] Running \([0-9]* tests\).*/\1/p' "$output")," \
        "$(grep -ciE '^========= .*(invalid|hazard|uninitialized|barrier error|misaligned)' "$output") reports"
      ! grep -iqE '^========= .*(invalid|hazard|uninitialized|barrier error|misaligned)' "$output" || failed=1
      grep '^=========' "$output" | head -50 >>"$results"
    else
      say "$tool: exit code $status, $(grep 'ERROR SUMMARY\|RACECHECK SUMMARY' "$output" | tail -1)"
      ((status == 0)) || { failed=1; head -c 20000 "$output" >>"$results"; }
    fi
  done
  unset POSECU_NO_RED_ZONES
  return $failed
}

# A training that is stopped by a signal and resumed ends in the bytes of one that never stopped.
train_in() {  # PRECISION
  local run=$scratch/$1 words=(train examples/one_picture/demo.toml "train.precision=$1" train.eval_every=125
    train.save_every=50 --device cuda) process status start=$SECONDS
  ours timeout "$(left 120)" "$bin/posecu" "${words[@]}" --out "$run" >"$scratch/log" 2>&1 ||
    { say "$1: the training failed"; tail -5 "$scratch/log" | log; return 1; }
  say "$1: 250 steps in $((SECONDS - start)) s; $(tail -1 "$run/metrics.csv" 2>/dev/null)"
  env LD_LIBRARY_PATH="$libraries" "$bin/posecu" "${words[@]}" --out "$run.stopped" >"$scratch/log" 2>&1 &
  process=$!
  while kill -0 "$process" 2>/dev/null && ! [[ -e $run.stopped/checkpoints/last.safetensors ]]; do sleep 0.05; done
  kill -TERM "$process" 2>/dev/null
  wait "$process"
  status=$?
  ((status == 143)) || { say "$1: the signal came too late or was not obeyed: exit code $status"; return 1; }
  ours timeout "$(left 120)" "$bin/posecu" train --resume "$run.stopped" --device cuda >"$scratch/log" 2>&1 ||
    { say "$1: resuming failed"; tail -5 "$scratch/log" | log; return 1; }
  cmp "$run/checkpoints/last.safetensors" "$run.stopped/checkpoints/last.safetensors" | log
  ((PIPESTATUS[0] == 0)) || { say "$1: the resumed training ended in other bytes"; return 1; }
  say "$1: stopped and resumed, it ended in the same bytes"
}

part_train() {
  local failed=0
  train_in fp32 || failed=1
  train_in bf16 || failed=1
  return $failed
}

bench() {  # LIMIT WORDS...
  local limit=$1
  shift
  say "posecu bench $*"
  ours timeout "$(left "$limit")" "$bin/posecu" bench "$@" --device cuda --quiet 2>&1 | log
  return "${PIPESTATUS[0]}"
}

part_bench() {
  local failed=0
  bench 90 coco/hrnet_w32_512 train.batch=16 train.precision=bf16 || failed=1
  bench 90 coco/higherhrnet_w32_512 train.batch=16 train.precision=bf16 || failed=1
  bench 60 coco/higherhrnet_w32_512 train.batch=16 train.precision=bf16 --only losses || failed=1
  bench 60 coco/hrnet_w32_512 --only inference --batch 32 train.precision=bf16 || failed=1
  bench 90 coco/higherhrnet_w48_640 train.batch=8 train.precision=bf16 || failed=1
  bench 60 coco/hrnet_w32_512 --only inference train.precision=fp32 || failed=1
  bench 60 coco/hrnet_w32_512 --only inference train.precision=tf32 || failed=1
  # With the engines that are the fastest on this GPU, as measured now.
  local -x XDG_CACHE_HOME=$scratch
  bench 120 coco/hrnet_w32_512 train.batch=16 train.precision=bf16 --tune >/dev/null || failed=1
  bench 60 coco/hrnet_w32_512 train.batch=16 train.precision=bf16 --tuned || failed=1
  return $failed
}

part_torch() {
  python3 -c 'import torch' 2>/dev/null || { say "PyTorch: not there"; return 0; }
  timeout "$(left 475)" python3 bench/compare_torch.py --posecu "$bin/posecu" --device cuda --budget 420 \
    --library-path "$libraries" 2>&1 | log
  return "${PIPESTATUS[0]}"
}

run_part() {  # PART
  local start=$SECONDS verdict=passed status found
  found=$(device)
  say ""
  say "=== $1, $(date -u '+%F %T')"
  if [[ -z $found ]]; then
    say "no device: $(no_device)"
    say "=== $1: no device"
    return 4
  fi
  say "$found; $(nvidia-smi --query-gpu=clocks.sm,temperature.gpu --format=csv,noheader 2>/dev/null)"
  deadline=$((SECONDS + 470))
  export POSECU_TEST_DEVICE=cuda
  "part_$1"
  status=$?
  ((status == 0)) || verdict=FAILED
  say "=== $1: $verdict in $((SECONDS - start)) s"
  return $((status != 0))
}

(($# == 0)) || parts=("$@")
for part in "${parts[@]}"; do
  declare -F "part_$part" >/dev/null ||
    { echo "gpu_check: no part $part: tests, sanitize, train, bench or torch" >&2; exit 2; }
done
{
  echo "posecu on a GPU, $(date -u '+%F %T')"
  cat VERSION 2>/dev/null || echo "commit $(git rev-parse HEAD 2>/dev/null)"
  ours "$bin/posecu" doctor
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null
  python3 -c 'import torch; print("torch", torch.__version__, "cuDNN", torch.backends.cudnn.version())' 2>/dev/null
} >>"$results"
code=0
for part in "${parts[@]}"; do
  run_part "$part"
  status=$?
  ((status == 0)) || { [[ $code -ne 1 ]] && code=$status; }
done
echo "gpu_check: results in $results"
exit "$code"
