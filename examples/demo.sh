#!/usr/bin/env bash
# The main job, on real input: build the wordcount template into a local bucket, launch it, look at the result.
# Usage: examples/demo.sh TMPL FOLDER
set -euo pipefail

tmpl=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
bucket="$folder/bucket"
export TMPL_CACHE_DIR="$folder/cache"

# Text that every Debian machine has, repeated to a few megabytes; elsewhere the repository's own documents.
texts=(/usr/share/common-licenses/*)
[ -e "${texts[0]}" ] || texts=("$here"/../*.md "$here"/../*/*.md)
rm -rf "$folder/input" "$bucket/results"
mkdir -p "$folder/input" "$bucket/results"
for copy in $(seq 1 10); do
    for text in "${texts[@]}"; do
        cp -L "$text" "$folder/input/$(basename "$text").$copy.txt"
    done
done

step() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }

step tmpl build examples/wordcount --bucket "$bucket"
"$tmpl" build "$here/wordcount" --bucket "$bucket"

step tmpl run wordcount --parameters "input=$folder/input/*,output=$bucket/results/words,min_length=5,case=lower"
"$tmpl" run wordcount --bucket "$bucket" \
    --parameters "input=$folder/input/*,output=$bucket/results/words,min_length=5,case=lower"

step tmpl jobs list
"$tmpl" jobs list --bucket "$bucket" --limit 5

step "head $bucket/results/words.top.tsv"
head "$bucket/results/words.top.tsv"
printf '\nThe template is %s\nThe whole result is %s\n' "$bucket/templates/wordcount.json" "$(ls "$bucket"/results/words-*)"
