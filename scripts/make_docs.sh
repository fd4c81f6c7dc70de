#!/usr/bin/env bash
# Remakes what the documentation shows of the program: docs/verbs, one page a verb, from its own tables, and the pictures
# of docs/data.md.
#
#   scripts/make_docs.sh [--check | --demo DIR]
#
#   --check      changes nothing; exit code 1 when a page is not current
#   --demo DIR   also remakes the README's picture, from what `posecu demo --out DIR` left (needs ImageMagick's montage)
set -euo pipefail
cd "$(dirname "$0")/.."

posecu=${POSECU:-build/cpu/bin/posecu}
case "${1:-} $#" in
  ' 0' | '--check 1' | '--demo 2') ;;
  *) echo "make_docs: takes --check, or --demo and a folder, or nothing; found: $*" >&2; exit 2 ;;
esac
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

"$posecu" help --format markdown >"$made/README.md"
"$posecu" help keys --format markdown >"$made/keys.md"
while read -r verb; do
  "$posecu" help "$verb" --format markdown >"$made/$verb.md"
done < <(sed -n 's/^| \[`\([a-z]*\)`\].*/\1/p' "$made/README.md")

if [[ ${1:-} == --check ]]; then
  diff -r docs/verbs "$made" || { echo "docs/verbs is not current; try: scripts/make_docs.sh"; exit 1; }
  echo "docs: $(find "$made" -type f | wc -l) pages are current"
  exit
fi
mkdir -p docs/verbs docs/pictures
rm -f docs/verbs/*.md
cp "$made"/*.md docs/verbs

# The last bits of drawn pictures may depend on the machine's mathematical library, so nothing compares them.
people=$made/people
draw() { "$posecu" data "$@" --quiet >/dev/null; }
draw synth --out "$people/crowd" --preset crowd --size 480x360 --count 1 --seed 2
draw synth --out "$people/easy" --preset easy --size 480x360 --count 1 --seed 3
draw browse data.root="$people/easy" 'data.train=[train]' train.input_size=320 --count 1 --out "$people/browsed"
cp "$people/crowd/train/000000000001.jpg" docs/pictures/drawn_crowd.jpg
cp "$people/browsed/1.png" docs/pictures/browsed.png
echo "docs: wrote docs/verbs and two of docs/pictures"
if [[ ${1:-} == --demo ]]; then
  montage "$2"/found/*.png -tile 4x2 -geometry +3+3 -quality 88 docs/pictures/demo.jpg
  echo "docs: wrote docs/pictures/demo.jpg"
fi
