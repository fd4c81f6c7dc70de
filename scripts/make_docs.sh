#!/usr/bin/env bash
# Remakes what the documentation shows of the program: docs/verbs, one page a verb, from its own tables.
#
#   scripts/make_docs.sh [--check]     --check changes nothing; exit code 1 when a page is not current
set -euo pipefail
cd "$(dirname "$0")/.."

posecu=${POSECU:-build/cpu/bin/posecu}
pages=docs/verbs
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

"$posecu" help --format markdown >"$made/README.md"
"$posecu" help keys --format markdown >"$made/keys.md"
while read -r verb; do
  "$posecu" help "$verb" --format markdown >"$made/$verb.md"
done < <(sed -n 's/^| \[`\([a-z]*\)`\].*/\1/p' "$made/README.md")

if [[ ${1:-} == --check ]]; then
  diff -r "$pages" "$made" || { echo "$pages is not current; try: scripts/make_docs.sh"; exit 1; }
  echo "docs: $(find "$made" -type f | wc -l) pages are current"
else
  mkdir -p "$pages"
  rm -f "$pages"/*.md
  cp "$made"/*.md "$pages"
  echo "docs: wrote $(find "$made" -type f | wc -l) pages to $pages"
fi
