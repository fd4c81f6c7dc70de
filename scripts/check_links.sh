#!/usr/bin/env bash
# Follows each link of each Markdown file: the file that it names must be there, and the heading behind a # too. Links to
# other machines are not followed. Prints file:line of what leads nowhere. Each kernel must have its page in the index.
set -euo pipefail
cd "$(git rev-parse --show-toplevel)"

mapfile -t pages < <(git ls-files -co --exclude-standard -- '*.md' | while read -r page; do [[ -f $page ]] && echo "$page"; done)
((${#pages[@]})) || { echo "check_links: no Markdown files under $PWD" >&2; exit 2; }

# "anchor PAGE#SLUG" for each heading, named as GitHub names it; "link PAGE:LINE TARGET" for each link. Code is skipped.
list() {
  awk '
    FNR == 1 { fenced = 0; split("", met) }
    /^ *(```|~~~)/ { fenced = !fenced; next }
    fenced { next }
    /^#+ / {
      slug = tolower($0)
      sub(/^#+ +/, "", slug)
      gsub(/\]\([^)]*\)/, "", slug)
      gsub(/[^a-z0-9 _-]/, "", slug)
      gsub(/ /, "-", slug)
      print "anchor " FILENAME "#" slug (met[slug]++ ? "-" met[slug] - 1 : "")
    }
    {
      line = $0
      gsub(/`[^`]*`/, "", line)
      while (match(line, /\]\([^)]*\)/)) {
        print "link " FILENAME ":" FNR " " substr(line, RSTART + 2, RLENGTH - 3)
        line = substr(line, RSTART + RLENGTH)
      }
    }' "$@"
}

declare -A anchors=()
found=0 links=0
dead() { echo "$1: $2"; found=$((found + 1)); }
while read -r kind place target; do
  if [[ $kind == anchor ]]; then
    anchors[$place]=1
    continue
  fi
  [[ $target =~ ^(https?|mailto): ]] && continue
  links=$((links + 1))
  page=${place%:*} path=${target%%#*}
  file=$page
  [[ -z $path ]] || file=$(realpath -m --relative-to=. -- "$(dirname "$page")/$path")
  if [[ ! -e $file ]]; then
    dead "$place" "no $file"
  elif [[ $target == *'#'* && $file == *.md && -z ${anchors[$file#${target#*#}]:-} ]]; then
    dead "$place" "$file has no heading #${target#*#}"
  fi
done < <(list "${pages[@]}" | sort -s -k1,1)

for kernel in kernels/*.cu; do
  name=$(basename "$kernel" .cu)
  grep -q "\[$name\]($name\.md)" docs/kernels/README.md || dead docs/kernels/README.md "no page of $kernel"
done

if ((found)); then
  echo "check_links: $found places lead nowhere; links followed: $links" >&2
  exit 1
fi
echo "check_links: $links links in ${#pages[@]} pages lead somewhere"
