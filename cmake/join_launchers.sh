#!/usr/bin/env bash
# join_launchers.sh OUTPUT CPU_OBJECT... -- CUDA_OBJECT...
# One object of g++'s and nvcc's builds of the same launchers: each becomes NAME.cpu and NAME.cuda, and NAME jumps to the
# one that its Stream asks for. A launcher is a function of namespace posecu whose first parameter is a const Stream& and
# which returns nothing, so that the jump needs to know no signature. docs/decisions.md says why.
set -euo pipefail
export LC_ALL=C
output=$1
shift
cpu=()
while [[ $1 != -- ]]; do
  cpu+=("$1")
  shift
done
shift
cuda=("$@")
parts=$output.parts
mkdir -p "$parts"

launchers() {  # OBJECT: mangled names, sorted
  nm --defined-only --extern-only --format=posix "$1" | awk '$2 ~ /^[TW]$/ { print $1 }' | sort -u >"$parts/names"
  c++filt <"$parts/names" | paste "$parts/names" - |
    awk -F'\t' '$2 ~ /^(void )?posecu::[^(]*\(posecu::Stream const&[,)]/ { print $1 }'
}

renamed() {  # SUFFIX: objcopy's list of renamings
  awk -v suffix="$1" '{ print $0, $0 "." suffix }' "$parts/launchers"
}

ld -r -o "$parts/cpu.o" "${cpu[@]}"
launchers "$parts/cpu.o" >"$parts/launchers"
renamed cpu >"$parts/renamed"
objcopy --redefine-syms="$parts/renamed" "$parts/cpu.o"

# Inline functions differ between the builds under equal names: nothing of nvcc's but launchers stays visible, and no
# section of it may be dropped for g++'s.
ld -r --force-group-allocation -o "$parts/cuda.o" "${cuda[@]}"
launchers "$parts/cuda.o" >"$parts/launchers.cuda"
if ! diff "$parts/launchers" "$parts/launchers.cuda" >"$parts/difference"; then
  echo "join_launchers: launchers of one build only (<: g++'s, >: nvcc's):" >&2
  c++filt <"$parts/difference" | grep '^[<>]' >&2
  exit 1
fi
objcopy --keep-global-symbols="$parts/launchers" "$parts/cuda.o"
renamed cuda >"$parts/renamed"
objcopy --redefine-syms="$parts/renamed" "$parts/cuda.o"

# 16 is offsetof(Stream, queue), which kernels/runtime/cuda.h asserts.
{
  printf '\t.text\n'
  awk '{
    printf "\t.globl %s\n\t.type %s, @function\n%s:\n\t.cfi_startproc\n", $0, $0, $0
    printf "\tcmpq $0, 16(%%rdi)\n\tjne %s.cuda\n\tjmp %s.cpu\n", $0, $0
    printf "\t.cfi_endproc\n\t.size %s, .-%s\n", $0, $0
  }' "$parts/launchers"
  printf '\t.section .note.GNU-stack,"",@progbits\n'
} >"$parts/stubs.s"
as -o "$parts/stubs.o" "$parts/stubs.s"

ld -r -o "$output" "$parts/cpu.o" "$parts/cuda.o" "$parts/stubs.o"
