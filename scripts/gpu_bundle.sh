#!/usr/bin/env bash
# Packs what checks posecu on a machine with a GPU where nothing can be built or installed: bundle/posecu-gpu.tar.xz,
# under 40 MB. There: tar xf posecu-gpu.tar.xz && posecu-gpu/scripts/gpu_check.sh
# Needs nvcc (scripts/setup.sh --cuda), no GPU. cuDNN and PyTorch are the other machine's own.
set -euo pipefail
cd "$(dirname "$0")/.."

tests=(kernels_cuda core layers losses models pose training finder)
scripts/setup.sh --cuda
cmake --preset cuda >/dev/null
cmake --build --preset cuda --target posecu "${tests[@]/%/_tests}"

folder=bundle/posecu-gpu
rm -rf "$folder"
mkdir -p "$folder"/{bin,lib,scripts,bench,tests/goldens}
for program in posecu "${tests[@]/%/_tests}"; do
  strip -o "$folder/bin/$program" "build/cuda/bin/$program"
done
# The distribution's libraries, but not the C library: that must be the machine's.
ldd "$folder"/bin/* | awk '/=> \// { print $3 }' | sort -u | grep -vE '/(libc|libm|libdl|librt|libpthread)\.so' |
  xargs -I{} cp -L {} "$folder/lib"
strip --strip-unneeded "$folder"/lib/*
cp scripts/gpu_check.sh "$folder/scripts"
cp bench/compare_torch.py bench/torch_network.py "$folder/bench"
cp -r tests/goldens/mini "$folder/tests/goldens"
cp -r examples "$folder"
dirty=$(git diff --quiet HEAD -- && echo "" || echo ", changed")
printf 'commit %s%s\nbuilt %s with %s, %s\n' "$(git rev-parse HEAD)" "$dirty" "$(date -u +%F)" \
  "$("${NVCC:-nvcc}" --version | sed -n 's/.*release /nvcc /p')" "$(g++ --version | sed 1q)" >"$folder/VERSION"

# The programs hold the same kernels: a window over all of them finds that.
tar -C bundle --sort=name --owner=0 --group=0 -cf - posecu-gpu | xz --lzma2=preset=6,dict=128MiB >bundle/posecu-gpu.tar.xz
size=$(stat -c %s bundle/posecu-gpu.tar.xz)
echo "gpu_bundle: bundle/posecu-gpu.tar.xz, $((size / 1000000)) MB"
((size < 40000000)) || { echo "gpu_bundle: more than 40 MB" >&2; exit 1; }
