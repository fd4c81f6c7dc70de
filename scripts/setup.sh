#!/usr/bin/env bash
# Installs what building and testing posecu needs and this machine lacks (Debian 12 and later, Ubuntu 24.04 and later).
# Asks nothing; does nothing when nothing is missing. The list equals what CMake looks for.
# --cuda: also puts cudnn-frontend's headers into build/deps. CUDA and cuDNN themselves are the machine's own.
set -euo pipefail

packages=(
  g++ cmake ninja-build
  libdnnl-dev ocl-icd-opencl-dev        # oneDNN: convolution; its CMake files look for OpenCL
  libfmt-dev libcli11-dev               # messages, command line
  libsimdjson-dev nlohmann-json3-dev    # JSON in, JSON out
  libtomlplusplus-dev                   # configurations
  libjpeg-dev libstb-dev                # pictures
  libzip-dev                            # PyTorch's files
  libgtest-dev libgmock-dev             # tests
  libboost-context-dev                  # fibers of the kernel tests
)

fail() {
  echo "setup: $*" >&2
  exit 4
}

cuda=false
if [[ $# -eq 1 && $1 == --cuda ]]; then
  cuda=true
elif [[ $# -gt 0 ]]; then
  echo "setup: takes no arguments but --cuda, found: $*" >&2
  exit 2
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  fail "this machine has no apt; install by hand what these Debian packages hold, then run" \
    "cmake --preset cpu && cmake --build --preset cpu: ${packages[*]}"
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [[ $status == "install ok installed" ]] || missing+=("$package")
done

if [[ ${#missing[@]} -gt 0 ]]; then
  as_root=()
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null || fail "not root and no sudo; as root, run: apt-get install ${missing[*]}"
    as_root=(sudo)
    [[ -t 0 ]] || as_root=(sudo -n)  # without a terminal nobody can type a password
  fi
  apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0)
  echo "setup: installing ${missing[*]}"
  "${apt[@]}" update >/dev/null || echo "setup: apt-get update failed, going on with the package lists that are here" >&2
  "${apt[@]}" install --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "apt-get could not install the packages above (its own message stands before this line)"
fi

# Older distributions have the packages in versions that cannot build posecu.
at_least() {  # NAME NEEDED FOUND
  [[ $(printf '%s\n%s\n' "$2" "$3" | sort -V | head -n 1) == "$2" ]] ||
    fail "$1 $2 or later is needed, found $3: Debian 12 or Ubuntu 24.04 and later have it"
}
at_least cmake 3.25 "$(cmake --version | sed -n '1s/.* //p')"
at_least g++ 12 "$(g++ -dumpfullversion)"

# cudnn-frontend is headers alone, and its wheel is where they are published. One wheel for every machine, so that there
# is one hash; of it the headers and licences are kept.
fetch_cudnn_frontend() {
  local version=1.32.0 hash=c6006556017a4d1c914c52a556c71b1267f2d6a0500f742e7b4edef539878df0
  local folder download
  folder=$(cd "$(dirname "$0")/.." && pwd)/build/deps/cudnn-frontend
  [[ -f $folder/version && $(<"$folder/version") == "$version" ]] && return
  python3 -m pip --version >/dev/null 2>&1 || fail "--cuda needs python3 with pip: apt-get install python3-pip"
  download=$(mktemp -d)
  # shellcheck disable=SC2064  # expanded now: the variable is gone by then
  trap "rm -rf '$download'" EXIT
  echo "nvidia-cudnn-frontend==$version --hash=sha256:$hash" >"$download/wanted"
  python3 -m pip --disable-pip-version-check download --quiet --no-deps --only-binary=:all: --require-hashes \
    --python-version 3.11 --implementation cp --platform manylinux_2_28_x86_64 \
    --dest "$download" --requirement "$download/wanted" || fail "cannot download cudnn-frontend $version (see above)"
  python3 -m zipfile -e "$download"/nvidia_cudnn_frontend-*.whl "$download/wheel"
  rm -rf "$folder" && mkdir -p "$folder"
  mv "$download"/wheel/include "$download"/wheel/*.dist-info/licenses "$folder"
  echo "$version" >"$folder/version"
}
if $cuda; then
  fetch_cudnn_frontend
fi
