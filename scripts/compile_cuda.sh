#!/usr/bin/env bash
# Compiles every kernels/*.cu with nvcc for sm_80, sm_90 and PTX, warnings as errors, two files at a time, into
# build/cuda-objects. Prints each kernel's registers and fails on errors and on registers spilled to memory.
# Needs no GPU. Arguments: files to compile instead of all. NVCC names another compiler than the one on PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
nvcc=${NVCC:-nvcc}
command -v "$nvcc" >/dev/null || { echo "compile_cuda: no nvcc found; set NVCC=/path/to/nvcc" >&2; exit 4; }
objects=build/cuda-objects
mkdir -p "$objects"
files=("$@")
((${#files[@]})) || files=(kernels/*.cu)

compile() {
  local object
  object=$2/$(basename "$1" .cu).o
  "$NVCC" -std=c++20 -O3 -I. --expt-relaxed-constexpr --Werror all-warnings -Xcompiler=-Wall,-Wextra,-Werror -Xptxas=-v \
    -gencode=arch=compute_80,code=sm_80 '-gencode=arch=compute_90,code=[sm_90,compute_90]' \
    -c "$1" -o "$object" >"$object.log" 2>&1 || { cat "$object.log" >&2; return 1; }
}
export -f compile
export NVCC=$nvcc
printf '%s\n' "${files[@]}" | xargs -P2 -I{} bash -c 'compile "$@"' _ {} "$objects"

# ptxas prints, for each kernel and architecture: its name, stack and spills, then registers and shared memory.
spills=0
for file in "${files[@]}"; do
  log=$objects/$(basename "$file" .cu).o.log
  c++filt <"$log" | awk -v file="$(basename "$file")" '
    /Compiling entry function/ {
      name = $0; sub(/.*Compiling entry function ./, "", name); arch = name
      sub(/.*for ./, "", arch); gsub(/[^a-z0-9_]/, "", arch)
      sub(/. for .*/, "", name); gsub(/posecu::\(anonymous namespace\)::|posecu::_GLOBAL__N__[0-9a-f_A-Za-z]*::/, "", name)
      gsub(/posecu::/, "", name); sub(/\(.*/, "", name); sub(/^void /, "", name)
    }
    /spill stores/ { spill = $0; sub(/.*stack frame, /, "", spill); stores = spill + 0; sub(/.*stores, /, "", spill); spill = stores + spill }
    /Used .* registers/ {
      shared = match($0, /[0-9]+ bytes smem/) ? substr($0, RSTART, RLENGTH - 11) : 0
      match($0, /Used [0-9]+/); printf "%-16s %-6s %3d registers %6d bytes shared  %s%s\n", file, arch, substr($0, RSTART + 5, RLENGTH - 5), shared, name, (spill > 0 ? "  SPILLS " spill " bytes" : "")
      bad += (spill > 0)
    }
    END { exit bad > 0 }' || spills=1
done
((spills == 0)) || { echo "compile_cuda: kernels spill registers" >&2; exit 1; }
echo "compile_cuda: ${#files[@]} files, no spills"
