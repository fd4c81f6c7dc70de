#!/usr/bin/env bash
# Installs the built program into an empty folder, builds the example that stands outside of the tree against it, and
# runs it; then packs .deb and .tar.gz, and runs the program from each. Needs cmake --build --preset cpu before.
set -euo pipefail
cd "$(dirname "$0")/.."

build=$PWD/build/cpu
picture=$PWD/examples/one_picture/train/000000000785.jpg
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/installed" >/dev/null
cmake -S examples/find_people -B "$work/example" -DCMAKE_PREFIX_PATH="$work/installed" -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$work/example" >/dev/null
if grep -rIl "$PWD" "$work/installed" | grep .; then
  echo "install: these files name the source tree" >&2
  exit 1
fi
echo "install: the program, its library, $(find "$work/installed/share/man" -type f | wc -l) manual pages"

"$work/installed/bin/posecu" train examples/one_picture/demo.toml train.steps=2 data.val= eval.threshold=0 --out "$work/run" --quiet
"$work/example/find_people" "$work/run" "$picture" >"$work/found"
head -n 1 "$work/found" | grep -qx "$picture"
# The same people as the program finds: as many, and as many keypoints.
json=$("$work/installed/bin/posecu" predict "$work/run" "$picture" --json --quiet)
people=$(grep -o '"keypoints"' <<<"$json" | wc -l || true)
[[ $(grep -c '  person, score' "$work/found" || true) -eq $people ]] || { echo "install: the example finds other people" >&2; exit 1; }
echo "install: the example, built outside of the tree, finds the $people people that the program finds"

generators='TGZ;DEB'
if ! command -v dpkg-shlibdeps >/dev/null; then
  echo "install: no dpkg-dev here, so no .deb is packed"
  generators=TGZ
fi
(cd "$build" && cpack -G "$generators" -B "$work/packages" >/dev/null)
for package in "$work"/packages/posecu*; do
  rm -rf "$work/unpacked"
  mkdir "$work/unpacked"
  case $package in
    *.deb) dpkg-deb -x "$package" "$work/unpacked" ;;
    *) tar -xzf "$package" -C "$work/unpacked" ;;
  esac
  program=$(find "$work/unpacked" -path '*/bin/posecu' -type f)
  echo "install: $(basename "$package"), $(($(stat -c %s "$package") / 1024)) kB, holds $("$program" --version)"
done
[[ $generators == TGZ ]] || dpkg-deb -f "$work"/packages/*.deb Package Depends
