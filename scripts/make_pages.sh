#!/usr/bin/env bash
# Manual pages and completions for an installation: make_pages.sh PROGRAM FOLDER
set -euo pipefail
program=$1 folder=$2

rm -rf "$folder"
mkdir -p "$folder/man1" "$folder/man5"
"$program" help --format man >"$folder/man1/posecu.1"
"$program" help keys --format man >"$folder/man5/posecu-keys.5"
"$program" help --format markdown | sed -n 's/^| \[`\([a-z]*\)`\].*/\1/p' | while read -r verb; do
  "$program" help "$verb" --format man >"$folder/man1/posecu-$verb.1"
done
"$program" help --completion bash >"$folder/posecu"
"$program" help --completion zsh >"$folder/_posecu"
"$program" help --completion fish >"$folder/posecu.fish"
