#!/usr/bin/env bash
# Compiles every kernels/*.cu with nvcc as the cuda preset does, two files at a time, into build/cuda-objects, and prints
# each kernel's registers. Fails on errors, warnings and registers spilled to memory. Needs neither a GPU nor CMake.
# Arguments: files to compile instead of all. NVCC names another compiler than the one on PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
nvcc=${NVCC:-nvcc}
command -v "$nvcc" >/dev/null || { echo "compile_cuda: no nvcc found; set NVCC=/path/to/nvcc" >&2; exit 4; }
objects=build/cuda-objects
mkdir -p "$objects"
files=("$@")
((${#files[@]})) || files=(kernels/*.cu)

compile() {
  local object options=()
  object=$2/$(basename "$1" .cu).o
  [[ " $UNCONTRACTED " != *" $(basename "$1") "* ]] || options=(--fmad=false)
  "$NVCC" --options-file kernels/nvcc_flags "${options[@]}" -Xptxas=-v -I. -c "$1" -o "$object" >"$object.log" 2>&1 ||
    { grep -v '^ptxas info' "$object.log" >&2; return 1; }
}
export -f compile
export NVCC=$nvcc
UNCONTRACTED=$(sed -n 's/^set(POSECU_UNCONTRACTED \(.*\))$/\1/p' kernels/CMakeLists.txt)
export UNCONTRACTED
printf '%s\n' "${files[@]}" | xargs -P2 -I{} bash -c 'compile "$@"' _ {} "$objects"

# ptxas prints, for each kernel and architecture: its name, then registers and shared memory.
for file in "${files[@]}"; do
  log=$objects/$(basename "$file" .cu).o.log
  c++filt <"$log" | awk -v file="$(basename "$file")" '
    /Compiling entry function/ {
      name = $0; sub(/.*Compiling entry function ./, "", name); arch = name
      sub(/.*for ./, "", arch); gsub(/[^a-z0-9_]/, "", arch)
      sub(/. for .*/, "", name); gsub(/posecu::\(anonymous namespace\)::|posecu::_GLOBAL__N__[0-9a-f_A-Za-z]*::/, "", name)
      gsub(/posecu::/, "", name); sub(/\(.*/, "", name); sub(/^void /, "", name)
    }
    /Used .* registers/ {
      shared = match($0, /[0-9]+ bytes smem/) ? substr($0, RSTART, RLENGTH - 11) : 0
      match($0, /Used [0-9]+/)
      printf "%-16s %-6s %3d registers %6d bytes shared  %s\n", file, arch, substr($0, RSTART + 5, RLENGTH - 5), shared, name
    }'
done
echo "compile_cuda: ${#files[@]} files, no warnings, no spills"
